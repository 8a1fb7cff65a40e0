// Package sampling draws sites and inspectors for random inspection (双随机抽查, State Council
// office document 国办发〔2015〕58号) so that anybody can draw them again: from a list that was
// frozen by its hash, and from the root of the public log at a size that it had not reached
// when the list was frozen.
//
// It must not choose what is on a list, read a clock or a random source, or look anything
// up: the same list, root and round give the same draw, now and in twenty years.
package sampling

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Bounds of a list.
const (
	MaxSites  = 20_000
	MaxPeople = 2_000
	MaxRound  = 100
)

// List is what is drawn from: opaque ids in the canonical order, each once.
type List struct {
	Sites  []id.Site   `json:"sites"`
	People []id.Person `json:"people"` // inspectors, as the register of people has them
}

// NewList brings a list into the canonical order. The order in which it came changes
// nothing. Faults: invalid-request with each entry that is wrong.
func NewList(sites []id.Site, people []id.Person) (List, error) {
	bad := fault.New(fault.InvalidRequest, "The list cannot be drawn from; what is wrong is listed.")
	l := List{Sites: sorted(bad, "sites", sites, MaxSites), People: sorted(bad, "people", people, MaxPeople)}
	if len(bad.Fields) > 0 {
		return List{}, bad
	}
	return l, nil
}

// entry is an id of a list.
type entry interface {
	comparable
	String() string
}

func sorted[T entry](bad *fault.Error, name string, list []T, most int) []T {
	var none T
	if len(list) == 0 || len(list) > most {
		bad.At("/"+name, "length", "must have 1 to %d ids", most)
		return nil
	}
	met := make(map[T]bool, len(list))
	for i, v := range list {
		switch at := fmt.Sprintf("/%s/%d", name, i); {
		case v == none:
			bad.At(at, "format", "must be an id")
		case met[v]:
			bad.At(at, "repeated", "is on the list twice, and would be drawn twice as easily")
		}
		met[v] = true
	}
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b T) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
	return out
}

// wireList is the canonical text: these two members, no spaces, ids in ascending order.
type wireList struct {
	Sites  []string `json:"sites"`
	People []string `json:"people"`
}

// Text is the canonical spelling, whose SHA-256 freezes the list.
func (l List) Text() []byte {
	b, err := json.Marshal(wireList{spell(l.Sites), spell(l.People)})
	if err != nil {
		panic(err) // strings of hexadecimal digits can always be written
	}
	return b
}

// Hash is the SHA-256 of Text.
func (l List) Hash() id.Hash { return id.Hash(sha256.Sum256(l.Text())) }

func spell[T entry](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return out
}

// ParseList reads what Text wrote, and nothing else. The fault is damaged.
func ParseList(text []byte) (List, error) {
	damaged := func(err error) (List, error) {
		return List{}, fault.Wrap(err, fault.Damaged, "The list is not in its canonical form.")
	}
	var w wireList
	if err := json.Unmarshal(text, &w); err != nil {
		return damaged(err)
	}
	sites, err := parseAll(w.Sites, id.ParseSite)
	if err != nil {
		return damaged(err)
	}
	people, err := parseAll(w.People, id.ParsePerson)
	if err != nil {
		return damaged(err)
	}
	l, err := NewList(sites, people)
	if err != nil {
		return damaged(err)
	}
	if !bytes.Equal(l.Text(), text) {
		return damaged(fmt.Errorf("another spelling"))
	}
	return l, nil
}

func parseAll[T any](words []string, parse func(string) (T, error)) ([]T, error) {
	out := make([]T, len(words))
	for i, w := range words {
		v, err := parse(w)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// Order says how many are drawn, and in which round: 1 for the first draw of a period.
type Order struct {
	Sites, People int
	Round         int
}

// Drawn is who was drawn, in the order of the draw.
type Drawn struct {
	Sites  []id.Site   `json:"sites"`
	People []id.Person `json:"people"`
}

// Draw draws from a list with the root of the log. Faults: invalid-request when more are to
// be drawn than are listed.
func Draw(l List, root id.Hash, o Order) (Drawn, error) {
	bad := fault.New(fault.InvalidRequest, "Nothing can be drawn; what is wrong is listed.")
	if o.Sites < 1 || o.Sites > len(l.Sites) {
		bad.At("/draw_sites", "out_of_range", "must be from 1 to the %d sites listed", len(l.Sites))
	}
	if o.People < 1 || o.People > len(l.People) {
		bad.At("/draw_people", "out_of_range", "must be from 1 to the %d people listed", len(l.People))
	}
	if o.Round < 1 || o.Round > MaxRound {
		bad.At("/round", "out_of_range", "must be from 1 to %d", MaxRound)
	}
	if len(bad.Fields) > 0 {
		return Drawn{}, bad
	}
	seed := Seed(root, l.Hash(), o.Round)
	return Drawn{Sites: take(l.Sites, o.Sites, seed, "sites"), People: take(l.People, o.People, seed, "people")}, nil
}

// Seed is SHA-256 over "liandan sample 1\n", the 32 bytes of the root, the 32 bytes of the
// list's hash, and the round as eight bytes, the highest first.
func Seed(root, list id.Hash, round int) id.Hash {
	b := append([]byte("liandan sample 1\n"), root[:]...)
	b = append(b, list[:]...)
	return id.Hash(sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(round))))
}

// stream is the numbers of a draw: SHA-256 over seed, name and a counter of eight bytes
// gives four numbers of eight bytes, the highest byte first.
type stream struct {
	seed  id.Hash
	name  string
	block uint64
	left  []byte
}

func (s *stream) next() uint64 {
	if len(s.left) == 0 {
		h := sha256.Sum256(binary.BigEndian.AppendUint64(append(s.seed[:len(s.seed):len(s.seed)], s.name...), s.block))
		s.left, s.block = h[:], s.block+1
	}
	v := binary.BigEndian.Uint64(s.left)
	s.left = s.left[8:]
	return v
}

// below gives a number under n, each as likely as the other: numbers from the incomplete
// last run of n are thrown away.
func (s *stream) below(n uint64) uint64 {
	limit := math.MaxUint64 - math.MaxUint64%n
	for {
		if v := s.next(); v < limit {
			return v % n
		}
	}
}

// take draws k of a list without putting back (the first k steps of Fisher and Yates).
func take[T any](list []T, k int, seed id.Hash, name string) []T {
	pool := slices.Clone(list)
	s := stream{seed: seed, name: name}
	for i := range k {
		j := i + int(s.below(uint64(len(pool)-i)))
		pool[i], pool[j] = pool[j], pool[i]
	}
	return pool[:k:k]
}
