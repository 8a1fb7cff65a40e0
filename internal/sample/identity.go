package sample

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"liandan/internal/device"
	"liandan/internal/id"
	"liandan/internal/party"
)

// derive gives 32 bytes that follow from a seed and words. A line feed parts the words,
// because none of them holds one.
func derive(seed uint64, words ...string) [32]byte {
	b := binary.BigEndian.AppendUint64([]byte("liandan sample city\n"), seed)
	for _, w := range words {
		b = append(append(b, '\n'), w...)
	}
	return sha256.Sum256(b)
}

// founded dates the ids of the register.
var founded = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func (c *City) uuid(words ...string) id.UUID {
	h := derive(c.Seed, append([]string{"id"}, words...)...)
	return id.V7(founded.UnixMilli(), [10]byte(h[:10]))
}

// authoritySerial is far from the others', whose credit codes then do not depend on
// whether the city has an authority.
const authoritySerial = 29_000

// found registers the n-th organisation of a sort.
func (c *City) found(sort string, n int, u unit) *unit {
	word := fmt.Sprintf("%s-%d", sort, n)
	u.party = id.PartyOf(c.uuid("party", word))
	u.site = id.SiteOf(c.uuid("site", word))
	serial := c.registered
	switch {
	case u.has(party.Authority):
		serial = authoritySerial
	case u.serial > 0:
		serial = u.serial
	default:
		c.registered++
	}
	u.credit = creditCode(c.Seed, serial, u.has(party.Medical))
	c.units = append(c.units, &u)
	return &u
}

func (u *unit) has(r party.Role) bool { return party.Organisation{Roles: u.roles}.Has(r) }

// hire gives an organisation a person with a device.
func (c *City) hire(u *unit, name string, p256 bool) *hand {
	h := &hand{unit: u, name: name, key: c.key(u, name, p256)}
	who := id.PersonOf(c.uuid("person", u.party.String(), name))
	d, err := device.New(u.party, u.site, who, h.key, c.source)
	if err != nil {
		panic("sample: key of " + name + ": " + err.Error()) // both kinds of key are what device takes
	}
	h.Device = d
	u.people = append(u.people, h)
	c.hands = append(c.hands, h)
	return h
}

// key derives a device's private key.
func (c *City) key(u *unit, name string, p256 bool) crypto.Signer {
	for n := 0; ; n++ {
		seed := derive(c.Seed, "key", u.party.String(), name, fmt.Sprint(n))
		if !p256 {
			return ed25519.NewKeyFromSeed(seed[:])
		}
		// A value outside 1 to the group order less one is no key; the next is.
		if k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:]); err == nil {
			return k
		}
	}
}

// source feeds the devices' ids and labels; each day sets it anew, so that a day's ids
// follow from its seed, date and run alone.
type source struct{ *rand.ChaCha8 }

// alphabet of a credit code (GB 32100-2015): without I, O, S, V, Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditCode makes a valid code that nobody has: 990000 is no division of GB/T 2260.
// The subject code is five characters of the seed and three of the serial number, with
// its own check character (GB 11714).
func creditCode(seed uint64, serial int, medical bool) party.CreditCode {
	kind := "91" // 工商: an enterprise
	if medical {
		kind = "12" // 机构编制: a public institution
	}
	h := derive(seed, "credit code")
	v := binary.BigEndian.Uint64(h[:8])
	var subject [8]byte
	for i := range 5 {
		subject[i] = creditAlphabet[v%31]
		v /= 31
	}
	for i := 7; i >= 5; i-- {
		subject[i] = creditAlphabet[serial%31]
		serial /= 31
	}
	first := kind + "990000" + string(subject[:]) + string(subjectCheck(subject))
	check, ok := party.CheckCharacter(first)
	if !ok {
		panic("sample: credit code outside its alphabet: " + first) // all its parts are in it
	}
	return party.CreditCode(first + string(check))
}

// subjectCheck is the check character of GB 11714: weights 3 7 9 10 5 8 4 2, modulo 11.
func subjectCheck(subject [8]byte) byte {
	sum := 0
	for i, w := range [8]int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", subject[i])
	}
	return "0123456789X0"[11-sum%11]
}
