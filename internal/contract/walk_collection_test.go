package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/statement"
)

// stopCodes: a source makes a code, its collector's person confirms with it, and the log has
// the confirmation; guesses, repeats and what is not theirs change nothing.
func (p *place) stopCodes(x *town) {
	path := "/v1/sites/" + p.known["site"] + "/stop-codes"
	p.driver = x.token(access.Appointment{Role: access.Driver, Party: x.Carrier.Party, Person: x.Carrier.Person})
	driver := ask{token: p.driver}
	code := func() string {
		return into[api.StopCode](x.ask(ask{method: "POST", path: path, token: x.hospital}).is(201, "")).Code
	}
	line := fmt.Sprintf(`{"batch":%q,"code":"841-001-01","grams":3000}`, p.known["batch"])
	body := func(person id.Person, code, lines string) string {
		return fmt.Sprintf(`{"site":%q,"person":%q,"code":%q,"lines":[%s]}`, p.known["site"], person, code, lines)
	}
	try := func(b string) answer { return x.json("POST", "/v1/confirmations", driver, b) }

	for _, q := range []string{"", "?year=x", "?year=1999", "?year=2200"} {
		x.get("/v1/sites/"+p.known["site"]+"/source"+q).is(422, "invalid-request")
	}
	x.ask(ask{path: "/v1/sites/" + p.known["site"] + "/source?year=2026", token: x.stranger}).is(404, "not-found")
	p.standing(x)
	x.ask(ask{method: "POST", path: path, token: x.stranger}).is(404, "not-found")
	x.ask(ask{method: "POST", path: path, token: driver.token}).is(403, "forbidden")
	try(body(x.Carrier.Person, "000000", line)).is(409, "conflict") // nobody asked for a code
	good := code()
	size := x.size()
	try(body(x.Stranger.Person, good, line)).is(404, "not-found")
	for _, b := range []string{body(x.Carrier.Person, "12345", line), body(x.Carrier.Person, "12345x", line), body(x.Carrier.Person, good, ""),
		body(x.Carrier.Person, good, strings.Replace(line, "3000", "0", 1)), body(x.Carrier.Person, good, strings.Replace(line, "841-001-01", "841", 1)),
		strings.Replace(body(x.Carrier.Person, good, line), `"site"`, `"sites"`, 1), `{}`, `[]`} {
		try(b).is(422, "invalid-request")
	}
	twice := driver
	twice.blind = "the contract cannot compare two lines"
	x.json("POST", "/v1/confirmations", twice, body(x.Carrier.Person, good, line+","+line)).is(422, "invalid-request")
	if n := x.size(); n != size {
		x.t.Errorf("bad input made the log grow from %d to %d", size, n)
	}
	said := into[api.StopConfirmation](try(body(x.Carrier.Person, good, line)).is(201, ""))
	sum := sha256.Sum256([]byte(said.Statement))
	c, err := statement.ParseConfirmation([]byte(said.Statement))
	if err != nil || hex.EncodeToString(sum[:]) != said.Confirmation || c.Collector != x.Carrier.Party || c.Party != x.Hospital.Party || len(c.Lines) != 1 || c.Lines[0].Grams != 3000 {
		x.t.Errorf("the confirmation is %+v (%v)", said, err)
	}
	if n := x.size(); n != size+1 {
		x.t.Errorf("the log went from %d to %d with a confirmation", size, n)
	}
	try(body(x.Carrier.Person, good, line)).is(409, "conflict") // used up
	old, fresh := code(), code()
	for old == fresh { // one time in a million
		fresh = code()
	}
	try(body(x.Carrier.Person, old, line)).is(409, "conflict") // only the newest holds
	for range 4 {
		try(body(x.Carrier.Person, old, line)).is(409, "conflict")
	}
	try(body(x.Carrier.Person, fresh, line)).is(429, "too-many-attempts")
	if n := x.size(); n != size+1+2 { // the codes that were made are recorded acts
		x.t.Errorf("the log went from %d to %d with one confirmation and two codes", size, n)
	}
}

// standing: the year's sum is that of the codes, and another year has none.
func (p *place) standing(x *town) {
	get := func(year int) api.SourceStanding {
		return into[api.SourceStanding](x.ask(ask{path: fmt.Sprintf("/v1/sites/%s/source?year=%d", p.known["site"], year), token: x.hospital}).is(200, ""))
	}
	now, before := get(2026), get(2025)
	var sum int64
	for _, c := range now.Codes {
		sum += c.Grams
	}
	if now.Grams < 3000 || sum != now.Grams || now.LimitGrams != 10_000_000 || now.Pickups != len(now.Events) || now.Source == "" || before.Grams != 0 || before.Pickups != 0 {
		x.t.Errorf("the site gave %+v, the year before %+v", now, before)
	}
}
