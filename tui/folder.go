package tui

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"recado/campaign/people"
	"recado/store"
)

// folder is what there is where a path leads that is being typed.
type folder struct {
	entries []entry
	more    bool   // there are others
	whole   string // the typed path, completed as far as there is no choice
	err     error  // the folder cannot be read
}

// entry is a file or a folder.
type entry struct {
	path string // as the system has it: it may be no text
	dir  bool
	used bool // people were imported from it
	size int64
	at   time.Time // when it was changed
}

// mostEntries is how many entries of a folder are shown; of a folder with more
// the newest files.
const mostEntries = 1000

// importable are the ends of the names of files that people may be in.
var importable = []string{".csv", ".tsv", ".tab", ".psv", ".txt", ".xlsx", ".xlsm", ".xls", ".vcf", ".vcard", ".json", ".jsonl", ".ndjson", ".zip"}

// haunts are the folders, in the home directory, where files arrive.
var haunts = []string{"Downloads", "Transferências", "Descargas", "Documents", "Documentos", "Desktop", "Área de Trabalho", "Escritorio"}

// rooted is a path that was typed as the system understands it: without a
// beginning it is in the home directory.
func rooted(path string) string {
	path = expanded(path)
	if !filepath.IsAbs(path) {
		if home, err := os.UserHomeDir(); err == nil {
			path = home + string(filepath.Separator) + path
		}
	}
	return path
}

// homely is a path as people write it, with ~ for the home directory.
func homely(path string) string {
	home, err := os.UserHomeDir()
	if rest, ok := strings.CutPrefix(path, home); err == nil && home != "" && ok && (rest == "" || rest[0] == filepath.Separator) {
		return "~" + rest
	}
	return path
}

// offered is what there is to choose from before anything is typed: the files that people were
// imported from, and the folders where files arrive.
func offered(book *store.Book) (f folder) {
	used, err := usedFiles(book)
	f.err = err
	for _, path := range used {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			f.entries = append(f.entries, entry{path: path, used: true, size: info.Size(), at: info.ModTime()})
		}
	}
	folders := []string{}
	for _, e := range f.entries {
		folders = append(folders, filepath.Dir(e.path))
	}
	for _, name := range haunts {
		folders = append(folders, rooted(name))
	}
	folders = append(folders, filepath.Clean(rooted("")))
	for i, path := range folders {
		if info, err := os.Stat(path); err == nil && info.IsDir() && !slices.Contains(folders[:i], path) {
			f.entries = append(f.entries, entry{path: path, dir: true})
		}
	}
	return f
}

// usedFiles are the files that people were imported from of late, the last
// first. They are known by what the audit says of them.
func usedFiles(book *store.Book) (paths []string, err error) {
	const most, looked = 5, 1000
	for before, n := uint64(0), 0; n < looked && len(paths) < most; {
		entries, err := book.AuditBefore(before, 200)
		if err != nil || len(entries) == 0 {
			return paths, err
		}
		n += len(entries)
		before = entries[len(entries)-1].ID
		for _, e := range entries {
			path := expanded(e.Name)
			if e.Verb == store.VerbImport && filepath.IsAbs(path) && !slices.Contains(paths, path) && len(paths) < most {
				paths = append(paths, path)
			}
		}
	}
	return paths, nil
}

// listing is what a path may become that is being typed: the files that people
// may be in, the newest first, then the folders. It ends with ctx.
func listing(ctx context.Context, typed string) (f folder) {
	if typed == "~" {
		typed += string(filepath.Separator)
	}
	dir, name := filepath.Split(rooted(typed))
	d, err := os.Open(dir)
	if err != nil {
		return folder{err: err}
	}
	defer d.Close()
	begin := people.Fold(name)
	var within []entry // whose name has what is typed, but does not begin with it
	same := ""         // how all the names begin that begin like it
	found := 0
	for {
		some, err := d.ReadDir(500)
		if ctx.Err() != nil {
			return folder{err: ctx.Err()}
		}
		for _, x := range some {
			folded := people.Fold(x.Name())
			if !strings.Contains(folded, begin) || x.Name()[0] == '.' && !strings.HasPrefix(name, ".") {
				continue
			}
			e, ok := entryOf(dir, x)
			if !ok || !e.dir && x.Name() != name && !slices.Contains(importable, strings.ToLower(filepath.Ext(x.Name()))) {
				continue
			}
			if !strings.HasPrefix(folded, begin) {
				within = append(within, e)
				continue
			}
			end := x.Name()
			if e.dir {
				end += string(filepath.Separator)
			}
			if found++; found == 1 {
				same = end
			} else {
				same = common(same, end)
			}
			f.entries = append(f.entries, e)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				f.err = err
			}
			break
		}
		// Of very many, those that would not be shown are forgotten.
		f.trim(2 * mostEntries)
		if len(within) > mostEntries {
			within = within[:mostEntries]
			f.more = true
		}
	}
	if typedDir, _ := filepath.Split(typed); utf8.ValidString(same) && len(same) > len(name) {
		f.whole = typedDir + same
	}
	slices.SortFunc(f.entries, before)
	slices.SortFunc(within, before)
	f.entries = append(f.entries, within...)
	if len(f.entries) > mostEntries {
		f.entries, f.more = f.entries[:mostEntries], true
	}
	return f
}

// before orders entries: files before folders, the newest first.
func before(a, b entry) int {
	switch {
	case a.dir != b.dir && a.dir:
		return 1
	case a.dir != b.dir:
		return -1
	case a.dir:
		return cmp.Compare(people.Fold(a.path), people.Fold(b.path))
	}
	return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.path, b.path))
}

// trim leaves the first entries.
func (f *folder) trim(most int) {
	if len(f.entries) > most {
		slices.SortFunc(f.entries, before)
		f.entries, f.more = f.entries[:most], true
	}
}

// entryOf is what an entry of a folder is; links are followed. Not ok if it is
// neither a file nor a folder: a pipe would keep us waiting for ever.
func entryOf(dir string, x fs.DirEntry) (e entry, ok bool) {
	path := dir + x.Name()
	info, err := x.Info()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		info, err = os.Stat(path)
	}
	if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
		return e, false
	}
	return entry{path: path, dir: info.IsDir(), size: info.Size(), at: info.ModTime()}, true
}

// common is how both of two names begin.
func common(a, b string) string {
	x, y := 0, 0
	for x < len(a) && y < len(b) {
		r, n := utf8.DecodeRuneInString(a[x:])
		q, m := utf8.DecodeRuneInString(b[y:])
		if people.Fold(string(r)) != people.Fold(string(q)) {
			break
		}
		x, y = x+n, y+m
	}
	return a[:x]
}
