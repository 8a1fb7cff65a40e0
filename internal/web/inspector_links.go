package web

import (
	"context"

	"liandan/internal/id"
)

// linked takes the address off places whose page the visitor may not see: a name alone is
// shown then, for a link that is answered with "not found" helps nobody.
func (s *Site) linked(ctx context.Context, v *visit, places ...*place2) error {
	may := map[string]bool{}
	for _, p := range places {
		seen, known := may[p.ID]
		if !known {
			x, err := id.ParseSite(p.ID)
			if err == nil {
				site, there, err := s.Registry.Site(ctx, x)
				if err != nil {
					return err
				}
				if there {
					if seen, err = s.Gate.Sees(ctx, v.Caller, "listCustody", ofSite(site)); err != nil {
						return err
					}
				}
			}
			may[p.ID] = seen
		}
		if !seen {
			p.ID = ""
		}
	}
	return nil
}
