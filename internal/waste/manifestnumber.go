package waste

import (
	"fmt"
	"strconv"
	"strings"

	"liandan/internal/crockford"
	"liandan/internal/fault"
)

// ManifestNumber is what a manifest is called by: the national number of Order 23
// article 15, or a provisional one of our own until that comes. The zero value is none.
// Values can be compared with ==.
type ManifestNumber struct {
	Year int
	// Of a national number: the first four digits of the division of the place that the
	// waste leaves, and the city's own count of the year. Zero in a provisional one.
	Province int // 11 to 82
	City     int // 0 to 99: what counties run by the province and new areas use is not known
	Serial   int // 1 to 999,999

	local string // of a provisional one: random digits with their check symbol
}

// localDigits are 50 bits: with a million provisional numbers in one year the chance
// that two are the same is below one in two thousand, and the store refuses a repeat.
const localDigits = 10

// ProvisionalBytes is how many random bytes a provisional number is made from.
const ProvisionalBytes = localDigits

// localPrefix makes a provisional number one that nobody takes for a national one: that
// has digits alone, this begins with a letter and has hyphens.
const localPrefix = "L-"

// NewProvisional makes a provisional number, "L-2026-7ZK3M9QXPA4", from ProvisionalBytes
// random bytes. Fault: invalid-request, for another count of bytes or a year outside
// 2000 to 2099.
func NewProvisional(year int, random []byte) (ManifestNumber, error) {
	if len(random) != ProvisionalBytes || !inCentury(year) {
		return ManifestNumber{}, fault.New(fault.InvalidRequest,
			"A provisional manifest number is made of a year from %d to %d and %d random bytes.", firstYear, lastYear, ProvisionalBytes)
	}
	return ManifestNumber{Year: year, local: crockford.Write(random)}, nil
}

// Provisional reports a number of our own, to be replaced by the national one.
func (n ManifestNumber) Provisional() bool { return n.local != "" }

// IsZero reports no number.
func (n ManifestNumber) IsZero() bool { return n == ManifestNumber{} }

// String is the number as written: fourteen digits, or the provisional form. "" for none.
func (n ManifestNumber) String() string {
	switch {
	case n.IsZero():
		return ""
	case n.Provisional():
		return fmt.Sprintf("%s%04d-%s", localPrefix, n.Year, n.local)
	}
	return fmt.Sprintf("%04d%02d%02d%06d", n.Year, n.Province, n.City, n.Serial)
}

// ParseManifestNumber reads either form. The national one is exactly fourteen digits; the
// provisional one may be in lower case and with the slips that its check symbol allows
// (O for 0, I or L for 1), and is given back as it was made. Every part at fault is named.
func ParseManifestNumber(s string) (ManifestNumber, error) {
	if len(s) > len(localPrefix) && strings.EqualFold(s[:len(localPrefix)], localPrefix) {
		return parseProvisional(s)
	}
	if !digitsOnly(s, 14) {
		return ManifestNumber{}, refused("malformed_manifest_number",
			"a manifest number is fourteen digits: year, division (4), serial (6); a provisional one begins with L-",
			"联单编号为14位数字：年份、行政区划4位、流水号6位；本系统临时编号以 L- 开头", s)
	}
	part := func(from, to int) int {
		v, _ := strconv.Atoi(s[from:to]) // digits only: cannot fail
		return v
	}
	n := ManifestNumber{Year: part(0, 4), Province: part(4, 6), City: part(6, 8), Serial: part(8, 14)}
	var f faults
	if !inCentury(n.Year) {
		f.add("year", "digits 1-4 are the year, 2000 to 2099", "第1–4位为年份，2000 至 2099", s[:4])
	}
	if n.Province < 11 || n.Province > 82 {
		f.add("province", "digits 5-6 are the province's division code, 11 to 82", "第5–6位为省级区划代码，11 至 82", s[4:6])
	}
	if n.Serial == 0 {
		f.add("serial", "digits 9-14 count from 000001", "第9–14位流水号从 000001 起", s[8:])
	}
	if err := f.err(); err != nil {
		return ManifestNumber{}, err
	}
	return n, nil
}

func parseProvisional(s string) (ManifestNumber, error) {
	year, code, ok := strings.Cut(s[len(localPrefix):], "-")
	var f faults
	y := 0
	if digitsOnly(year, 4) {
		y, _ = strconv.Atoi(year)
	}
	if !ok || !inCentury(y) {
		f.add("year", "a provisional number is L-, the year, a hyphen and its code", "临时编号为 L-、年份、连字符和校验编码", s)
	}
	local, read := crockford.Read(code, localDigits)
	if ok && !read {
		f.add("check", "the code's check symbol does not fit: one of its characters is mistyped", "校验符不符，编号有误", code)
	}
	if err := f.err(); err != nil {
		return ManifestNumber{}, err
	}
	return ManifestNumber{Year: y, local: local}, nil
}
