package replay

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"liandan/internal/client"
	"liandan/internal/device"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// A part is one sample organisation with its one site, person and device.
type part struct {
	name string // of the organisation and its site
	role party.Role
	kind string // of the site
	code party.CreditCode
	*device.Device
}

// cast is the sample parties. They are the same for every seed; their keys are not.
type cast struct {
	generators, carriers, plants []*part
}

func (c *cast) all() []*part {
	return append(append(append([]*part(nil), c.generators...), c.carriers...), c.plants...)
}

const (
	// division of the sample sites is nobody's: what is replayed from another country must
	// not count in a city's indicators.
	division = "999900"
	// person is the reference of each sample organisation's one handler.
	person = "SAMPLE-REPLAY"
	// since is the first day of the sample organisations, before any event.
	since = "2020-01-01"
	// keyDays is the validity of a device key, the shortest there is. Whoever knows the seed
	// can make these keys, so they must not stay good for long; events are dated within
	// minutes of the enrolment, so a replay can be repeated for ever.
	keyDays = 1
)

func newCast(seed uint64) (*cast, error) {
	c := &cast{}
	for _, group := range []struct {
		to     *[]*part
		role   party.Role
		kind   string
		serial string // the last but one of the credit code's characters before its check
		zh, en string
		how    int
	}{
		{&c.generators, party.Generator, "factory", "G0", "产废单位", "generator", 8},
		{&c.carriers, party.Carrier, "depot", "C0", "运输公司", "carrier", 2},
		{&c.plants, party.Operator, "plant", "P0", "处置厂", "plant", 2},
	} {
		for i := range group.how {
			p := &part{name: fmt.Sprintf("样例回放%s%d SAMPLE replay %s %d", group.zh, i+1, group.en, i+1), role: group.role, kind: group.kind}
			// 9999 in place of a division: no real organisation has such a code.
			first := fmt.Sprintf("91999900REPLAY%s%d", group.serial, i+1)
			check, ok := party.CheckCharacter(first)
			if !ok {
				return nil, fault.New(fault.Internal, "The sample credit code %s is malformed.", first)
			}
			p.code = party.CreditCode(first + string(check))
			if err := p.equip(seed); err != nil {
				return nil, err
			}
			*group.to = append(*group.to, p)
		}
	}
	return c, nil
}

// equip gives the part its ids and its device.
func (p *part) equip(seed uint64) (err error) {
	secret := derive(seed, "key", string(p.code))
	owner := registry.PartyID(p.code)
	// The device draws no ids of its own: an empty source makes it an error to ask.
	p.Device, err = device.New(owner, registry.SiteID(owner, p.name), registry.PersonID(owner, person),
		ed25519.NewKeyFromSeed(secret[:]), strings.NewReader(""))
	return err
}

// derive is 32 bytes that depend on the seed and the words, and look random.
func derive(seed uint64, words ...string) [32]byte {
	h := sha256.New()
	h.Write([]byte("liandan replay\n"))
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	for _, w := range words {
		binary.BigEndian.PutUint64(b[:], uint64(len(w)))
		h.Write(b[:])
		h.Write([]byte(w))
	}
	return [32]byte(h.Sum(nil))
}

// register imports organisations, sites and people; a repeat changes nothing.
func (c *cast) register(ctx context.Context, to *client.Client) error {
	orgs := [][]string{{"credit_code", "name", "roles", "sample", "valid_from", "id"}}
	sites := [][]string{{"credit_code", "name", "kind", "division", "built_up", "valid_from", "id"}}
	people := [][]string{{"credit_code", "person", "valid_from", "id"}}
	for _, p := range c.all() {
		orgs = append(orgs, []string{string(p.code), p.name, string(p.role), "1", since, p.Party.String()})
		sites = append(sites, []string{string(p.code), p.name, p.kind, division, "0", since, p.Site.String()})
		people = append(people, []string{string(p.code), person, since, p.Person.String()})
	}
	for _, reg := range []struct {
		kind string
		rows [][]string
	}{{registry.KindOrganisations, orgs}, {registry.KindSites, sites}, {registry.KindPeople, people}} {
		if err := load(ctx, to, reg.kind, reg.rows); err != nil {
			return err
		}
	}
	return nil
}

// load imports one register and insists that it was applied.
func load(ctx context.Context, to *client.Client, kind string, rows [][]string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	raw, err := to.Import(ctx, kind, b.Bytes())
	if err != nil {
		return err
	}
	var report struct {
		Applied bool `json:"applied"`
		Bad     []struct {
			Line   int    `json:"line"`
			Column string `json:"column"`
			Detail string `json:"detail"`
		} `json:"bad"`
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		return fmt.Errorf("the server's report on %s: %w", kind, err)
	}
	if report.Applied && len(report.Bad) == 0 {
		return nil
	}
	f := fault.New(fault.Conflict, "The server did not take the sample %s.", kind)
	for _, l := range report.Bad {
		f.At(fmt.Sprintf("/%d/%s", l.Line, l.Column), "refused", "%s", l.Detail)
	}
	return f
}

// A key as the server knows it.
type key struct {
	Kid       string     `json:"kid"`
	Party     string     `json:"party"`
	Person    string     `json:"person"`
	ValidFrom time.Time  `json:"valid_from"`
	RevokedAt *time.Time `json:"revoked_at"`
}

// settle is how long after the newest key became valid the events begin.
const settle = time.Minute

// enrol makes sure that the server knows every device and gives the moment from which
// events are dated. It depends on nothing but what the server has kept, so that it is the
// same at each repeat: no event is sent before all keys are there, and the validity of a
// key that is there never changes. The server lets keys be valid from some minutes before
// their enrolment, so the events of span lie in the past.
func (c *cast) enrol(ctx context.Context, to *client.Client) (time.Time, error) {
	var base time.Time
	for _, p := range c.all() {
		k, err := p.known(ctx, to)
		var problem *client.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusNotFound {
			if k, err = p.join(ctx, to); err != nil {
				return base, err
			}
		}
		if err != nil {
			return base, err
		}
		if k.Kid != p.Kid() || k.Party != p.Party.String() || k.Person != p.Person.String() || k.ValidFrom.IsZero() {
			return base, fault.New(fault.Conflict, "The server knows the key %s as another's than %s's; use another seed.", p.Kid(), p.name)
		}
		if k.RevokedAt != nil {
			return base, fault.New(fault.KeyRevoked, "The key %s of %s is revoked; use another seed.", p.Kid(), p.name)
		}
		if k.ValidFrom.After(base) {
			base = k.ValidFrom
		}
	}
	return base.Add(settle).UTC().Truncate(time.Millisecond), nil
}

// known asks the server for the device's key.
func (p *part) known(ctx context.Context, to *client.Client) (k key, err error) {
	return k, to.Get(ctx, "/v1/keys/"+p.Kid(), &k)
}

// join enrols the device. A conflict says that another replay was faster.
func (p *part) join(ctx context.Context, to *client.Client) (key, error) {
	err := to.Enrol(ctx, p.Party.String(), p.Person.String(), "样例回放 SAMPLE replay", keyDays, p.Device)
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Kind == string(fault.Conflict) {
		err = nil
	}
	if err != nil {
		return key{}, err
	}
	return p.known(ctx, to)
}
