package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// RegisterNames gives the names that organisations and their sites had in the register at a
// moment: by what imports have changed since there is a record of that, else as they are
// now. One that was not there yet has its first name, so that what is told of a past moment
// stays the same when somebody is renamed later. Faults: unavailable, damaged.
func (s *Store) RegisterNames(ctx context.Context, parties []id.Party, at time.Time) (ofParty map[id.Party]string, ofSite map[id.Site]string, err error) {
	ofParty, ofSite = map[id.Party]string{}, map[id.Site]string{}
	for len(parties) > 0 {
		n := min(len(parties), portion)
		if err := s.registerNames(ctx, parties[:n], at, ofParty, ofSite); err != nil {
			return nil, nil, err
		}
		parties = parties[n:]
	}
	return ofParty, ofSite, nil
}

func (s *Store) registerNames(ctx context.Context, parties []id.Party, at time.Time, ofParty map[id.Party]string, ofSite map[id.Site]string) error {
	orgs, err := gorm.G[organisationRow](s.ro).Where("id IN ?", parties).Find(ctx)
	if err != nil {
		return unavailable(err)
	}
	for _, o := range orgs {
		ofParty[o.ID] = o.Name
	}
	sites, err := gorm.G[siteRow](s.ro).Where("party IN ?", parties).Find(ctx)
	if err != nil {
		return unavailable(err)
	}
	for _, v := range sites {
		ofSite[v.ID] = v.Name
	}
	words := make([]string, len(parties))
	for i, p := range parties {
		words[i] = p.String()
	}
	said, err := gorm.G[registerChangeRow](s.ro).Where("party IN ? AND kind IN ?", words, []string{"organisations", "sites"}).Order("seq").Find(ctx)
	if err != nil {
		return unavailable(err)
	}
	met := map[string]bool{}
	for _, c := range said {
		if met[c.Key] && c.At > stamp(at) {
			continue
		}
		met[c.Key] = true
		var cells struct{ Name string }
		if err := json.Unmarshal([]byte(c.Cells), &cells); err != nil {
			return fault.Wrap(err, fault.Damaged, "A change of the registers is damaged: %d.", c.Seq)
		}
		if c.Kind == "organisations" {
			if p, err := id.ParseParty(c.Key); err == nil {
				ofParty[p] = cells.Name
			}
		} else if v, err := id.ParseSite(c.Key); err == nil {
			ofSite[v] = cells.Name
		}
	}
	return nil
}
