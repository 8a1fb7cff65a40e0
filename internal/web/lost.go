package web

import (
	"net/http"
	"net/url"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/statement"
)

// lostReason goes into the log with the revocation; it names nobody.
const lostReason = "挂失 device lost"

// lostPage is the second of the two taps. Each choice is a button that revokes.
type lostPage struct {
	Device  deviceLine
	Lost    bool // it was revoked already; it can only be made earlier
	Choices []choice
	Latest  string // for the own time: now, as browsers write one
	Own     string // as typed
	Note    *note
}

// choice is when somebody last had the device. The value is a time and no word, so that
// it means the same when the page is answered after midnight.
type choice struct {
	Value string
	Words line
	When  string
}

// ownForm is how browsers send a date with a time.
const ownForm = "2006-01-02T15:04"

// key finds the key that the path names if the caller may do the operation to it. The
// answer about another's is that about none.
func (s *Site) key(r *http.Request, v *visit, operation string) (k party.Key, may sight, err error) {
	k, ok, err := s.Registry.Key(r.Context(), r.PathValue("kid"))
	if err != nil {
		return k, may, err
	}
	if !ok {
		return k, may, fault.Missing("key")
	}
	about, err := s.subject(r.Context(), k)
	if err != nil {
		return k, may, err
	}
	if ok, err = s.Gate.Sees(r.Context(), v.Caller, operation, about); err != nil {
		return k, may, err
	}
	if !ok {
		return k, may, fault.Missing("key")
	}
	may, err = s.sights(r.Context(), v, k)
	return k, may, err
}

// askLost is GET /devices/{kid}/lost, which changes nothing.
func (s *Site) askLost(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, may, err := s.key(r, v, "page:lost")
	if err != nil {
		return err
	}
	return s.showLost(w, r, v, k, may, http.StatusOK, lostPage{})
}

func (s *Site) showLost(w http.ResponseWriter, r *http.Request, v *visit, k party.Key, may sight, status int, p lostPage) error {
	now := s.Now()
	var err error
	if p.Device, err = s.device(r.Context(), k, registry.StateOf(k, now)); err != nil {
		return err
	}
	if p.Device.Who, err = s.names(v).who(r.Context(), k.Party, k.Person); err != nil {
		return err
	}
	p.Device.MayEnrol = may.enrol
	p.Lost = !k.RevokedAt.IsZero()
	p.Latest = now.In(calendar.Zone()).Format(ownForm)
	today := calendar.StartOfDay(now)
	for _, c := range []struct {
		at     time.Time
		zh, en string
	}{
		{now, "刚才还在", "just now"},
		{now.Add(-time.Hour), "1 小时前", "1 hour ago"},
		{today, "今天 0 点", "today at 00:00"},
		{today.AddDate(0, 0, -1), "昨天 0 点", "yesterday at 00:00"},
	} {
		if p.Lost && !c.at.Before(k.RevokedAt) {
			continue // it would take nothing away
		}
		p.Choices = append(p.Choices, choice{c.at.UTC().Format(statement.TimeForm), line{c.zh, c.en}, clock(c.at)})
	}
	title := line{"挂失设备", "Report a device lost"}
	if p.Lost {
		title = line{"设备已挂失", "The device is revoked"}
	}
	s.show(w, r, v, status, "lost.html", page{Title: title.ZH, TitleEN: title.EN, Body: p})
	return nil
}

// revoke is POST /devices/{kid}/lost.
func (s *Site) revoke(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, may, err := s.key(r, v, "revokeKey")
	if err != nil {
		return err
	}
	since, bad := s.since(v.form)
	if bad == nil {
		bad = s.revokeSince(r, v, k, since)
	}
	switch fault.Of(bad) {
	case "":
		if bad != nil {
			return bad
		}
	case fault.InvalidRequest:
		n := s.noteOf(w, r, bad, nil)
		return s.showLost(w, r, v, k, may, n.status, lostPage{Note: &n, Own: v.form.Get("own")})
	default:
		return bad
	}
	return see(w, r, "/devices/"+url.PathEscape(k.Kid)+"/lost")
}

// revokeSince records and does it.
func (s *Site) revokeSince(r *http.Request, v *visit, k party.Key, since time.Time) error {
	about, err := s.subject(r.Context(), k)
	if err != nil {
		return err
	}
	if err := s.Gate.Allow(r.Context(), v.Caller, gate.Ask{Operation: "revokeKey", Subject: about, Named: k.Kid, Missing: fault.Missing("key")}); err != nil {
		return err
	}
	_, err = s.Registry.RevokeKey(r.Context(), v.ID, k.Kid, since, lostReason)
	return err
}

// since reads when the device was last in its holder's hands. It cannot lie ahead: events
// that are still to come would count.
func (s *Site) since(form url.Values) (at time.Time, err error) {
	if form.Get("since") == "own" {
		at, err = time.ParseInLocation(ownForm, form.Get("own"), calendar.Zone())
	} else {
		at, err = time.Parse(statement.TimeForm, form.Get("since"))
	}
	switch {
	case err != nil:
		return at, field(invalid(), "/own", "format", "must be a date with a time", "请填写日期和时间")
	case at.After(s.Now().Add(time.Minute)):
		return at, field(invalid(), "/own", "out_of_range", "must not lie ahead", "不能晚于现在")
	case at.Year() < 2000:
		return at, field(invalid(), "/own", "out_of_range", "must lie after the year 2000", "应在 2000 年以后")
	}
	return at, nil
}
