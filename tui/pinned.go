package tui

import (
	"strconv"

	"github.com/charmbracelet/x/ansi"
)

// pinned makes what the renderer has written independent of how a terminal
// counts. Terminals agree about letters and not about emoji: for 👍🏽 xterm goes
// on by four cells and tmux and kitty by two, for ❤️ VTE by one and others by
// two, for 👨‍👩‍👧 some by six; what follows would be shifted, and a table or a
// frame broken. No terminal says what it does (mode 2027 is known to few), and
// the renderer does not write a row by absolute columns.
//
// So the cursor is kept before such a character and put back after it, and
// goes on by as many cells as the renderer has counted:
//
//	ESC 7   👍🏽   ESC 8   CSI 2 C
//
// Every terminal since the VT100 does that. Where a terminal draws more cells
// than that, what follows is written over them: of 👍🏽 the 👍 is seen. Where it
// draws fewer, a cell stays empty. The renderer repaints a row with such a
// character as a whole, from the left, without wrapping at the right edge, and
// says again where the cursor is, which is what makes this safe in every column.
//
// A write of the renderer is a whole frame: no character is parted by its end.
func pinned(frame []byte) []byte {
	var out []byte
	kept := 0 // what is before it is in out
	for i := 0; i < len(frame); {
		if frame[i] < ' ' || frame[i] == 0x7f {
			_, _, n, _ := ansi.DecodeSequence(frame[i:], ansi.NormalState, nil)
			i += max(n, 1)
			continue
		}
		if frame[i] <= '~' && (i+1 == len(frame) || frame[i+1] < 0xc0) {
			i++
			continue
		}
		cluster, w := ansi.FirstGraphemeCluster(frame[i:], counted)
		n := max(len(cluster), 1)
		if w > 0 && doubtful(cluster, w) {
			out = append(append(append(out, frame[kept:i]...), ansi.SaveCursor...), cluster...)
			out = append(append(out, ansi.RestoreCursor...), "\x1b["...)
			out = append(strconv.AppendInt(out, int64(w), 10), 'C')
			kept = i + n
		}
		i += n
	}
	if kept == 0 {
		return frame
	}
	return append(out, frame[kept:]...)
}

// doubtful reports whether terminals may disagree that a character has w
// cells. The signs and letters of East Asia are two everywhere; other wide
// ones are emoji.
func doubtful(cluster []byte, w int) bool {
	if ansi.WcWidth.StringWidth(string(cluster)) != w {
		return true
	}
	return w > 1 && !(cluster[0] >= 0xe3 && cluster[0] <= 0xed || cluster[0] == 0xef)
}
