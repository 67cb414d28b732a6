package conformance

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"go.mau.fi/whatsmeow/store"
)

// TestEveryMethodOfTheLibraryHasAStory holds that the suite leaves no method out, also none that a
// later version of whatsmeow adds.
func TestEveryMethodOfTheLibraryHasAStory(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	var stories []byte
	for _, name := range files {
		text, err := os.ReadFile(name)
		must(t, err)
		stories = append(stories, text...)
	}
	for _, all := range []reflect.Type{reflect.TypeFor[store.AllStores](), reflect.TypeFor[Container]()} {
		for i := range all.NumMethod() {
			name := all.Method(i).Name
			if !regexp.MustCompile(`\.`+name+`\(ctx`).Match(stories) && name != "NewDevice" {
				t.Errorf("no story asks for %s", name)
			}
		}
	}
}
