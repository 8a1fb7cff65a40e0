package event

import (
	"fmt"
	"regexp"

	"liandan/internal/fault"
)

// What a medical institution says inside the house: classes, layers, exempted stages.

// Exempt names the lines of 危险废物豁免管理清单 by which a consignor moves waste outside
// the rules for hazardous waste, one for each stage that the list exempts. Storage and
// disposal have no member: the list does not exempt them for medical waste. Whether the
// line gives the right is for the rules to find, against the register.
type Exempt struct {
	Collection ExemptionRef `json:"collection,omitempty"`
	Transport  ExemptionRef `json:"transport,omitempty"`
}

// Claimed says that any stage is claimed.
func (x Exempt) Claimed() bool { return x != Exempt{} }

// ExemptionRef is how documents call a line of the list: edition, item, line, as "2021-2.1".
type ExemptionRef string

var exemptionRef = regexp.MustCompile(`^20\d\d-[1-9]\d?\.[1-9]\d?$`)

// ParseExemptionRef reads a reference; that there is such a line is not its business, for
// a device may have a newer list than the server.
func ParseExemptionRef(s string) (ExemptionRef, error) {
	if !exemptionRef.MatchString(s) {
		return "", fmt.Errorf("must name a line of the exemption list as edition-item.line, such as 2021-2.1")
	}
	return ExemptionRef(s), nil
}

func readExempt(r *reader) Exempt {
	return Exempt{Collection: parsed(r, "exempt_collection", false, ParseExemptionRef), Transport: parsed(r, "exempt_transport", false, ParseExemptionRef)}
}

func readLayers(r *reader) int {
	n, _ := r.integer("layers", false, 1, 2)
	return int(n)
}

// Medical is the category of the classes 841-00x-01 (国家危险废物名录, HW01).
const Medical = "HW01"

// classified sees to it that a bag that is said to be a medical one has a medical class.
func classified(r *reader, e *Event) {
	d, _ := e.Data.(Generated)
	if (d.Isolation || d.Layers > 0) && d.Code != "" && d.Code.Category() != Medical {
		*r.notes = append(*r.notes, fault.Field{Pointer: r.at + "/data/code", Code: "class",
			Detail: "must be a class of medical waste (841-00x-01): layers and isolation are said of medical bags"})
	}
}
