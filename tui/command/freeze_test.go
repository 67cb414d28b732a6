package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"recado/campaign"
	"recado/campaign/people"
	"recado/store"
	"recado/tui/host"
)

// crowded is the owner of a book with n people and a linked number.
func crowded(t *testing.T, n int) *owner {
	t.Helper()
	book, err := store.Open(filepath.Join(t.TempDir(), "book.db"), store.Options{Kind: store.Demo})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	number, err := desk(book).AddNumber("loja")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := book.LinkNumber(number.ID, "+5511912345678", "5511912345678:1@s.whatsapp.net", time.Now()); err != nil {
		t.Fatal(err)
	}
	rows := make([]people.Row, n)
	for i := range rows {
		rows[i] = people.Row{Line: i + 2, Phone: people.Phone(fmt.Sprintf("+55119%08d", 70000000+i)), Name: fmt.Sprint("Pessoa ", i)}
	}
	if _, err := desk(book).Import(t.Context(), rows, "people.csv"); err != nil {
		t.Fatal(err)
	}
	return &owner{parts: &host.Parts{Book: book}}
}

// whileFreezing runs do at a moment when a campaign is freezing, while nothing
// can be written: its freeze stands still. It reports false if it never came to
// that.
func whileFreezing(t *testing.T, book *store.Book, id campaign.ID, do func()) bool {
	t.Helper()
	person, err := book.ContactByPhone("+5511970000000")
	if err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		c, err := book.Campaign(id)
		if err != nil {
			t.Fatal(err)
		}
		if c.Status != campaign.Draft && c.Status != campaign.Freezing {
			return false
		}
		if err := desk(book).EditContact(person.ID, func(*people.Contact) {
			if c, err := book.Campaign(id); err == nil && c.Status == campaign.Freezing && !done {
				done = true
				do()
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	return true
}

func TestAStartShowsHowFarItIsAndGoesOnWhenItIsInterrupted(t *testing.T) {
	const n = 4000
	o := crowded(t, n)
	book := o.parts.Book
	for range 20 { // the freeze may be faster than we are
		draft, err := desk(book).AddCampaign(campaign.Campaign{Name: "Maio", Text: "Oi"})
		if err != nil {
			t.Fatal(err)
		}
		c, _, _ := typist(t, t.TempDir(), "")
		terminal, screen := io.Pipe()
		c.env.Stderr = screen
		shown := regexp.MustCompile(`\r\x1b\[Kpreparando: [0-9.]+ de 4\.000`)
		var saw bytes.Buffer
		seen, read := make(chan struct{}), make(chan struct{})
		go func() { // ends with the terminal
			defer close(read)
			buffer, found := make([]byte, 1000), false
			for {
				n, err := terminal.Read(buffer)
				saw.Write(buffer[:n])
				if !found && shown.Match(saw.Bytes()) {
					found = true
					close(seen)
				}
				if err != nil {
					return
				}
			}
		}()
		ctx, interrupt := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { // ends with the command
			_, err := c.start(ctx, o, draft.ID)
			failed <- err
		}()
		caught := whileFreezing(t, book, draft.ID, func() {
			<-seen
			looksFrozenInPart(t, o, draft.ID, n)
			interrupt()
			err := <-failed
			f := (*failure)(nil)
			if !errors.As(err, &f) || f.code != ExitInterrupted || !strings.Contains(f.text, "recado campaign cancel "+draft.ID.String()) {
				t.Errorf("interrupted: %v", err)
			}
		})
		interrupt()
		screen.Close()
		<-read
		if !caught {
			continue
		}
		if !strings.HasSuffix(saw.String(), "\r\x1b[K") {
			t.Errorf("the line stays on the terminal: %q", saw.String())
		}
		again, _, _ := typist(t, t.TempDir(), "") // waits for the same start, if that is not over
		if _, err := again.start(t.Context(), o, draft.ID); err != nil && !errors.Is(err, store.ErrState) {
			t.Errorf("it did not go on: %v", err)
		}
		if c, err := book.Campaign(draft.ID); err != nil || c.Status != campaign.Running {
			t.Errorf("it did not go on: %s, %v", c.Status, err)
		}
		if counts, err := book.Counts(draft.ID); err != nil || counts[campaign.Queued] != n {
			t.Errorf("%v, %v", counts, err)
		}
		if _, err := again.start(t.Context(), o, draft.ID); !errors.Is(err, store.ErrState) {
			t.Errorf("started once more: %v", err)
		}
		return
	}
	t.Error("no freeze was caught")
}

// looksFrozenInPart looks at what the commands show of a campaign that is being
// frozen.
func looksFrozenInPart(t *testing.T, o *owner, id campaign.ID, n int) {
	t.Helper()
	print := func(json bool, do func(c *call) error) string {
		c, out, _ := typist(t, t.TempDir(), "")
		c.json = json
		if err := do(c); err != nil {
			t.Error(err)
		}
		return out.String()
	}
	running, err := (&progress{call: &call{tongue: english}, owner: o}).campaigns()
	if err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		got, want string
	}{
		{print(true, func(c *call) error { return c.showCampaign(t.Context(), o, id) }), fmt.Sprintf(`"status":"freezing",.*"freezing":{"done":\d+,"total":%d}}`, n)},
		{print(false, func(c *call) error { return c.showCampaign(t.Context(), o, id) }), fmt.Sprintf("status\tfreezing\n(.*\n)*freezing\t\\d+\t%d\n", n)},
		{print(false, func(c *call) error { return c.listCampaigns(o, false) }), fmt.Sprintf("%s\tMaio\tfreezing\t\\d+/%d\n", id, n)},
		{strings.Join(running, "\n"), fmt.Sprintf(`Maio \(preparing\) \d+/%d`, n)},
	} {
		if !regexp.MustCompile(test.want).MatchString(test.got) {
			t.Errorf("it shows %q, want %q", test.got, test.want)
		}
	}
	if idle, err := o.parts.Book.Idle(); idle || err != nil {
		t.Errorf("idle: %v, %v", idle, err)
	}
}
