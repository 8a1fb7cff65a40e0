package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The library files are those that vendor.tsv pins, no other is there, and each package's
// licence lies beside its files.
func TestVendoredFilesAreThePinnedOnes(t *testing.T) {
	table, err := os.ReadFile("vendor.tsv")
	if err != nil {
		t.Fatal(err)
	}
	pinned, licensed := map[string]bool{}, map[string]bool{}
	for row := range strings.Lines(string(table)) {
		c := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		if strings.HasPrefix(row, "#") {
			continue
		}
		if len(c) != 5 {
			t.Fatalf("not five columns: %q", row)
		}
		b, err := os.ReadFile(c[3])
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != c[4] {
			t.Errorf("%s is not %s of %s@%s; run make assets", c[3], c[2], c[0], c[1])
		}
		pinned[filepath.ToSlash(c[3])] = true
		licensed[c[0]] = licensed[c[0]] || strings.Contains(c[2], "LICENSE")
	}
	for name, ok := range licensed {
		if !ok {
			t.Errorf("%s is here without its licence", name)
		}
	}
	err = filepath.WalkDir("assets/vendor", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !pinned[filepath.ToSlash(path)] {
			t.Errorf("%s is not in vendor.tsv", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
