package files

import (
	"archive/zip"
	"bytes"
)

// zipped is a ZIP with those files: name, text, name, text.
func zipped(files ...string) string {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			panic(err)
		}
	}
	w.Close()
	return out.String()
}
