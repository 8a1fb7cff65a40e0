package draft

import (
	"github.com/go-json-experiment/json"

	"liandan/internal/fault"
	"liandan/internal/manifest"
)

// Like is the content of "the same again": parties, method and exemptions of an earlier
// manifest. Its batches, number and store are another time's.
func Like(m manifest.State) (Content, error) {
	data := map[string]string{}
	for name, v := range map[string]string{"profile": m.Profile, "carrier": m.Carrier.String(), "consignee": m.Consignee.String(),
		"consignee_site": m.ConsigneeSite.String(), "method": string(m.Method),
		"exempt_collection": string(m.Exempt.Collection), "exempt_transport": string(m.Exempt.Transport)} {
		if v != "" {
			data[name] = v
		}
	}
	b, err := json.Marshal(map[string]any{"site": m.ConsignorSite.String(), "data": data}, json.Deterministic(true))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The manifest cannot be written as a draft.")
	}
	return Content(b), nil
}
