package contract

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/access"
)

// rights is who may do what, written down a second time for people to read and apart from
// the policy, so that a slip there is seen. A column says whose things a role reaches:
//
//	.  nobody's: forbidden, whatever is asked about
//	s  those of the own site
//	p  those that are the own person's
//	o  those of the own organisation, its other sites and people included
//	d  those of the own district: the own organisation's and a neighbour's
//	m  those of medical institutions: the own one's and the one's in another district
//	c  those of the whole city
//	*  everything
//	+  there is nothing to reach: the operation is about no organisation
//
// The last column is what the access record keeps: every use, an authority's, or none. A
// list of an organisation's keys is open to who sees some of them; lists checks which.
const rights = `
                    staff porter driver facility admin district city health analyst system client
validateUnsigned    o     o      o      o        o     .        .    .      .       .      o      none
getEvent            s     p      p      s        o     d        c    m      .       .      o      authority
getBatch            s     p      p      s        o     d        c    m      .       .      o      authority
getBatchChain       s     p      p      s        o     d        c    m      .       .      o      authority
getManifest         s     p      p      s        o     d        c    m      .       .      o      authority
getBatchBundle      s     .      p      s        o     d        c    m      .       .      o      authority
getManifestBundle   s     .      p      s        o     d        c    m      .       .      o      authority
getManifestForm     s     .      p      s        o     d        c    m      .       .      o      authority
getBatchLabel       s     .      .      s        o     .        .    .      .       .      o      none
createBatchLabel    s     .      .      s        o     .        .    .      .       .      o      every
revokeLabel         s     .      .      s        o     .        .    .      .       .      o      every
getSiteTable        s     .      .      s        o     d        c    m      .       .      o      authority
listWork            s     p      p      s        o     d        c    m      .       .      o      authority
countWork           s     p      p      s        o     d        c    m      .       .      o      authority
getVehicleLoad      s     .      p      s        o     d        c    m      .       .      o      authority
searchWaste         s     p      p      s        o     d        c    m      .       .      o      authority
putManifestScan     s     .      p      s        o     .        .    .      .       .      .      every
getManifestScan     s     .      p      s        o     d        c    m      .       .      o      authority
listFindings        s     p      p      s        o     d        c    m      .       .      o      authority
countFindings       s     p      p      s        o     d        c    m      .       .      o      authority
listQuarantine      .     .      .      .        +     +        +    +      .       .      .      authority
listCustody         s     .      .      s        o     d        c    m      .       .      o      authority
compareUse          s     .      .      s        o     d        c    m      .       .      o      authority
getMonthlyManifest  s     .      .      s        o     d        c    m      .       .      o      authority
createDraft         o     .      .      o        o     .        .    .      .       .      o      none
listDrafts          o     .      .      o        o     .        .    .      .       .      o      none
getDraft            o     .      .      o        o     .        .    .      .       .      o      none
replaceDraft        o     .      .      o        o     .        .    .      .       .      o      none
discardDraft        o     .      .      o        o     .        .    .      .       .      o      none
restoreDraft        o     .      .      o        o     .        .    .      .       .      o      none
checkDraft          o     .      .      o        o     .        .    .      .       .      o      none
getSiteDuties       s     .      .      s        o     d        c    m      .       .      o      authority
importPast          .     .      .      .        o     .        .    .      .       .      .      every
createStopCode      s     .      .      s        o     .        .    .      .       .      .      every
getSourceStanding   s     .      .      s        o     d        c    m      .       .      o      authority
listAuthorisations  o     .      o      o        o     d        c    m      .       .      o      authority
confirmStop         p     .      p      p        .     .        .    .      .       .      .      none
getTripCards        s     .      p      s        o     d        c    m      .       .      o      authority
createBooking       s     .      .      s        o     .        .    .      .       .      o      every
listBookings        s     .      .      s        o     d        c    m      .       .      o      authority
getBooking          s     .      .      s        o     d        c    m      .       .      o      authority
setBookingState     s     .      .      s        o     .        .    .      .       .      o      every
createTrip          o     .      p      o        o     .        .    .      .       .      o      every
listTrips           o     .      p      o        o     d        c    m      .       .      o      authority
getTrip             o     .      p      o        o     d        c    m      .       .      o      authority
changeTrip          o     .      p      o        o     .        .    .      .       .      o      every
setTripState        o     .      p      o        o     .        .    .      .       .      o      every
getReport           .     .      .      .        .     d        +    .      .       .      .      authority
listReports         .     .      .      .        .     d        +    .      .       .      .      authority
createReport        .     .      .      .        .     d        +    .      .       .      .      every
getStatement        .     .      .      .        .     +        +    +      +       .      .      authority
createSampleList    .     .      .      .        .     +        +    +      .       .      .      every
listDraws           .     .      .      .        .     +        +    +      .       .      .      authority
getDraw             .     .      .      .        .     +        +    +      .       .      .      authority
importRegistry      .     .      .      .        .     .        .    .      .       +      .      every
getPermits          o     .      .      o        o     d        c    m      .       .      o      authority
createEnrolment     .     .      .      .        o     .        .    .      .       *      o      every
listKeys            o     o      o      o        o     d        c    .      .       *      o      authority
getKey              p     p      p      p        o     d        c    .      .       *      o      authority
getKeyHistory       p     p      p      p        o     d        c    .      .       *      o      authority
revokeKey           p     p      p      p        o     .        .    .      .       *      o      every
listActs            .     .      .      .        o     .        *    .      .       *      .      none
getMetrics          .     .      .      .        .     .        .    .      .       +      +      none
listIndicators      .     .      .      .        .     +        +    +      +       .      .      none
getIndicator        .     .      .      .        .     +        +    +      +       .      .      none
getIndicatorEvidence .    .      .      .        .     d        +    .      .       .      .      authority
getCarbonEffect     .     .      .      .        .     +        +    +      +       .      .      none
listAccounts        .     .      .      .        o     .        .    .      .       *      .      none
inviteAccount       .     .      .      .        o     .        .    .      .       *      .      every
renewInvitation     .     .      .      .        o     .        .    .      .       *      .      every
disableAccount      .     .      .      .        o     .        .    .      .       *      .      every
appointAccount      .     .      .      .        o     .        .    .      .       *      .      every
dismissAccount      .     .      .      .        o     .        .    .      .       *      .      every
createClient        .     .      .      .        .     .        .    .      .       +      .      every
listClients         .     .      .      .        .     .        .    .      .       +      .      none
createClientSecret  .     .      .      .        .     .        .    .      .       +      .      every
revokeClientSecret  .     .      .      .        .     .        .    .      .       +      .      every
disableClient       .     .      .      .        .     .        .    .      .       +      .      every
listGrants          .     .      .      .        o     .        .    .      .       .      .      none
putGrant            .     .      .      .        o     .        .    .      .       .      .      every
deleteGrant         .     .      .      .        o     .        .    .      .       .      .      every
`

// columns are the roles in the order of the table above.
var columns = []access.Role{access.SiteStaff, access.Porter, access.Driver, access.FacilityOperator, access.OrganisationAdministrator,
	access.DistrictInspector, access.CityInspector, access.HealthCommission, access.CityAnalyst, access.SystemAdministrator, access.APIClient}

// everybodys may be done by anybody, without saying who they are.
var everybodys = strings.Fields(`submitEvents validateEvent findBatchByLabel challengeEnrolment enrolKey rotateKey getCheckpoint getTile
	getEntryBundle getVerifierKey getSuccession getHealth getReadiness createSession acceptInvitation createToken`)

// ones are for whoever is signed in, about themselves.
var ones = strings.Fields(`getSession deleteSession deleteSessions changePassword beginTOTP confirmTOTP removeTOTP`)

// right is a line of the table.
type right struct {
	reach  map[access.Role]string
	record string
}

func readRights(t *testing.T) map[string]right {
	t.Helper()
	if !slices.Equal(columns, access.Roles()) {
		t.Fatalf("the columns are %v, the roles %v", columns, access.Roles())
	}
	out := map[string]right{}
	for _, line := range strings.Split(strings.TrimSpace(rights), "\n")[1:] {
		f := strings.Fields(line)
		if len(f) != len(columns)+2 {
			t.Fatalf("the line has %d words: %s", len(f), line)
		}
		r := right{map[access.Role]string{}, f[len(f)-1]}
		for i, role := range columns {
			r.reach[role] = f[i+1]
		}
		out[f[0]] = r
	}
	return out
}

// within says whether a column's letter reaches a thing.
func within(letter, target string) bool {
	switch letter {
	case "s", "p":
		return target == own
	case "o":
		return target == own || target == sibling
	case "d":
		return target == own || target == sibling || target == neighbour
	case "m":
		return target == own || target == sibling || target == faraway
	case "c":
		return target != nowhere
	}
	return letter == "*" || letter == "+"
}

// TestWhoMayDoWhat asks every operation of the contract as every role about what is the
// own, another site's and person's of the own organisation, a neighbour's, somebody's in
// another district, and nobody's.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	table := readRights(t)
	all := calls(load(t))
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			start := time.Now()
			m := newMatrix(t, db.open(t))
			before := m.record()
			for _, c := range all {
				op := c.op.OperationID
				switch line, known := table[op]; {
				case slices.Contains(everybodys, op):
					m.open(c)
				case slices.Contains(ones, op):
					m.oneself(c)
				case known:
					m.judge(op, c.method, line)
				default:
					t.Errorf("%s %s (%s) has no line in the table", c.method, c.path, op)
				}
			}
			m.judge("validateUnsigned", "POST", table["validateUnsigned"])
			m.lists(table)
			m.recorded(before)
			t.Logf("%d requests in %s", m.asked, time.Since(start).Round(time.Millisecond))
		})
	}
}

// open: whoever asks gets the same answer, also nobody.
func (m *matrix) open(c call) {
	for _, a := range m.actors {
		got := m.as(a, m.request(c.op.OperationID, m.target(own)))
		if got.status == 500 || slices.Contains([]string{"unauthorized", "forbidden"}, got.kind()) {
			m.t.Errorf("%s as %s: %d %s", c.op.OperationID, a.name, got.status, got.body)
		}
	}
}

// oneself: whoever is signed in, and no token.
func (m *matrix) oneself(c call) {
	op := c.op.OperationID
	for _, a := range m.actors {
		by := a
		if a.session.cookie != "" && strings.HasPrefix(op, "deleteSession") { // it ends the session
			by.session = m.signedIn(m.signIn(a.login, password, ""))
		}
		want := map[string]int{"getSession": 200, "deleteSession": 204, "deleteSessions": 204, "changePassword": 422, "beginTOTP": 201, "confirmTOTP": 422, "removeTOTP": 409}[op]
		switch {
		case a.role == "":
			want = 401
		case a.session.cookie == "":
			want = 403
		}
		if op == "confirmTOTP" && want == 422 {
			m.as(a, m.request("beginTOTP", target{}))
		}
		if got := m.as(by, m.request(op, target{})); got.status != want {
			m.t.Errorf("%s as %s: %d, expected %d: %s", op, a.name, got.status, want, got.body)
		}
		if op == "deleteSessions" && a.session.cookie != "" { // it ended this one too
			m.renew(a)
		}
	}
}

// judge asks one operation as everybody about everything.
func (m *matrix) judge(op, method string, line right) {
	for _, a := range m.actors {
		letter := line.reach[a.role]
		answers := map[string]answer{}
		for _, name := range []string{own, sibling, neighbour, faraway, nowhere} {
			if letter == "+" && name != own {
				continue
			}
			got := m.as(a, m.request(op, m.target(name)))
			answers[name] = got
			at := fmt.Sprintf("%s as %s about %s", op, a.name, name)
			switch {
			case a.role == "":
				m.expect(at, got, 401, "unauthorized")
			case letter == ".":
				m.expect(at, got, 403, "forbidden")
			case name == nowhere && letter == "*":
				m.expect(at, got, absent[op], "")
			case within(letter, name):
				m.expect(at, got, done[op], "")
			default:
				m.expect(at, got, 404, map[bool]string{false: "not-found", true: "label-unknown"}[op == "revokeLabel"])
			}
			told := line.record == "every" || line.record == "authority" && authority(a.role)
			if told && within(letter, name) && (name != nowhere || slices.Contains(recordedFirst, op)) {
				m.expected[op+" "+string(a.role)]++
				if op == "createReport" { // the log tells of what was kept, too
					m.expected["keepReport "]++
				}
			}
		}
		m.alike(op, a, letter, answers)
	}
}

// alike: what is another's is answered like what is not there, to the byte.
func (m *matrix) alike(op string, a actor, letter string, answers map[string]answer) {
	none, ok := answers[nowhere]
	if !ok || letter == "*" {
		return
	}
	for name, got := range answers {
		if a.role != "" && letter != "." && within(letter, name) {
			continue
		}
		if x, y := got.plain(), none.plain(); got.status != none.status || !bytes.Equal(x, y) || got.header.Get("Content-Type") != none.header.Get("Content-Type") {
			m.t.Errorf("%s as %s: what is %s is told from what is not there:\n%s\n%s", op, a.name, name, x, y)
		}
	}
}

func (m *matrix) expect(at string, got answer, status int, kind string) {
	if got.status != status || (kind != "" && got.kind() != kind) {
		m.t.Errorf("%s: %d %s, expected %d %s", at, got.status, got.body, status, kind)
	}
}

// lists: without a filter each sees what is theirs, and nothing else.
func (m *matrix) lists(table map[string]right) {
	for _, a := range m.actors {
		for op, path := range map[string]string{"listKeys": "/v1/keys", "listQuarantine": "/v1/quarantine"} {
			letter := table[op].reach[a.role]
			if letter == "." || a.role == "" {
				continue
			}
			if letter = table["getKey"].reach[a.role]; op == "listQuarantine" {
				letter = table["getBatch"].reach[a.role]
			}
			got := m.as(a, ask{path: path}).is(200, "")
			for _, name := range []string{own, sibling, neighbour, faraway} {
				thing := m.target(name).kid
				if op == "listQuarantine" {
					thing = m.target(name).held
				}
				if has := bytes.Contains(got.body, []byte(thing)); has != within(letter, name) {
					m.t.Errorf("%s as %s shows %s: %v", op, a.name, name, has)
				}
			}
			if table[op].record == "authority" && authority(a.role) {
				m.expected[op+" "+string(a.role)]++
			}
		}
	}
}

func authority(r access.Role) bool {
	return r == access.DistrictInspector || r == access.CityInspector || r == access.HealthCommission
}

// recorded: the access record has one line for each use that is to be kept and no other,
// and the log an entry for each line.
func (m *matrix) recorded(before map[string]int) {
	after := m.record()
	for key := range after {
		if n := after[key] - before[key]; n != m.expected[key] {
			m.t.Errorf("recorded %d times, expected %d: %s", n, m.expected[key], key)
		}
	}
	lines := 0
	for key, n := range m.expected {
		if after[key] == 0 && n > 0 {
			m.t.Errorf("not recorded: %s", key)
		}
	}
	for _, n := range after {
		lines += n
	}
	if n := m.kinds()["act"]; n != lines || len(m.expected) < 40 {
		m.t.Errorf("the log has %d acts, the record %d lines of %d sorts", n, lines, len(m.expected))
	}
}

// record counts the lines of the access record by operation and role.
func (m *matrix) record() map[string]int {
	m.t.Helper()
	m.size() // all is in the log
	out := map[string]int{}
	for cursor := ""; ; {
		page := into[api.ActPage](m.ask(ask{path: "/v1/acts?limit=500&cursor=" + cursor, token: m.server.Token}).is(200, ""))
		for _, a := range page.Items {
			out[a.Operation+" "+a.Role]++
		}
		if cursor = page.NextCursor; cursor == "" {
			return out
		}
	}
}

var requestID = regexp.MustCompile(`"request_id":"[0-9a-f]*"`)

// plain is an answer's body without what differs from request to request.
func (a answer) plain() []byte { return requestID.ReplaceAll(a.body, nil) }

func (a answer) kind() string {
	if a.header.Get("Content-Type") != "application/problem+json" {
		return ""
	}
	return string(into[api.Problem](a).Kind)
}

// as asks as somebody.
func (m *matrix) as(a actor, q ask) answer {
	m.t.Helper()
	m.asked++
	q.token, q.session = a.token, a.session
	if q.method == "" {
		q.method = http.MethodGet
	}
	return m.ask(q)
}
