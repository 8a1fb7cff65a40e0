package web

import (
	"context"

	"liandan/internal/account"
	"liandan/internal/id"
)

// The log knows people by opaque ids alone, and so do evidence files. Names are in the register
// of accounts; a page asks it for whom its visitor may list there (listAccounts: the
// administrator of that very organisation, the system's), and shows everybody else the id's end.

// who is a person as the visitor may know them.
type who struct {
	ID   uid
	Name string // name and login of their account; "" for who may not know, or who has none
	Own  bool   // the visitor
}

// Short is the end of the id.
func (w who) Short() string { return w.ID.Short() }

// mostAccounts is how much of one organisation's register a page looks through for names.
const mostAccounts = 1000

// names finds people's names for one page, organisation by organisation.
type names struct {
	site *Site
	v    *visit
	of   map[id.Party]map[id.Person]string // nil map: not the visitor's to know
}

func (s *Site) names(v *visit) names { return names{s, v, map[id.Party]map[id.Person]string{}} }

// who is a person of an organisation.
func (n names) who(ctx context.Context, p id.Party, x id.Person) (who, error) {
	w := who{ID: uid(x.String())}
	for _, g := range n.v.Appointments {
		w.Own = w.Own || !x.IsZero() && g.Party == p && g.Person == x && g.Valid.Holds(n.site.Now())
	}
	known, met := n.of[p]
	if !met {
		var err error
		if known, err = n.read(ctx, p); err != nil {
			return w, err
		}
		n.of[p] = known
	}
	w.Name = known[x]
	return w, nil
}

// read gives the names of the people of one organisation, by its appointments alone.
func (n names) read(ctx context.Context, p id.Party) (map[id.Person]string, error) {
	if p.IsZero() || n.site.Admin.Accounts == nil {
		return nil, nil
	}
	mine, err := n.site.Gate.Sees(ctx, n.v.Caller, "listAccounts", ofParty(p))
	if err != nil || !mine {
		return nil, err
	}
	out := map[id.Person]string{}
	f := account.Filter{Party: p}
	for read := 0; read < mostAccounts; {
		page, err := n.site.Admin.Accounts.Accounts(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Accounts {
			for _, g := range a.Appointments {
				if g.Party == p && !g.Person.IsZero() {
					out[g.Person] = a.Name + "（" + a.Login + "）"
				}
			}
		}
		read += len(page.Accounts)
		if f.After = page.Next; f.After.IsZero() {
			break
		}
	}
	return out, nil
}
