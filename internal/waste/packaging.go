package waste

import (
	_ "embed"
	"sync"
)

// Packaging is a kind of container, a word of our own table (data/packaging.tsv).
type Packaging string

// PackagingInfo names a kind of container.
type PackagingInfo struct {
	Code         Packaging
	Name, NameEN string
}

//go:embed data/packaging.tsv
var packagingTSV string

type packagingIndex struct {
	order []PackagingInfo
	by    map[Packaging]PackagingInfo
}

var packagingTable = sync.OnceValue(func() *packagingIndex {
	idx := &packagingIndex{by: map[Packaging]PackagingInfo{}}
	for _, r := range mustTable(packagingTSV, "code", "zh", "en") {
		p := PackagingInfo{Code: Packaging(r[0]), Name: r[1], NameEN: r[2]}
		if _, dup := idx.by[p.Code]; dup {
			panic("waste: packaging twice in its table: " + r[0])
		}
		idx.by[p.Code] = p
		idx.order = append(idx.order, p)
	}
	return idx
})

// ParsePackaging reads a code of the table, exactly.
func ParsePackaging(s string) (Packaging, error) {
	if _, ok := packagingTable().by[Packaging(s)]; ok {
		return Packaging(s), nil
	}
	return "", refused("unknown_packaging", "not a packaging code of the table", "不是已知的包装方式代码", s)
}

// Packagings is the whole table in the file's order. The slice is the caller's.
func Packagings() []PackagingInfo {
	return append([]PackagingInfo(nil), packagingTable().order...)
}

// Name is the Chinese name, "" for an unknown code.
func (p Packaging) Name() string { return packagingTable().by[p].Name }

// NameEN is the English name, "" for an unknown code.
func (p Packaging) NameEN() string { return packagingTable().by[p].NameEN }

// String is the code.
func (p Packaging) String() string { return string(p) }
