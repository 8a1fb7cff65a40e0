// Package sample is the sample city: made-up organisations in Baoding's districts, their
// devices, and days of waste that they sign and send. The demo, the load generator and
// tests play it through the real intake.
//
// It must not reach the server's packages, read a clock, draw randomness other than from
// its seed, or name anything real: every organisation says 样例 and SAMPLE. Its private
// keys follow from the seed, which anybody may know, so they must never sign anything
// but samples.
package sample

import (
	"crypto"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"liandan/internal/device"
	"liandan/internal/id"
	"liandan/internal/party"
)

// MaxScale bounds how many times over a city's generators may be there.
const MaxScale = 1000

// City is the organisations and their devices. The same seed gives the same city, ids
// and keys included; a larger scale adds organisations and keeps those that were there.
type City struct {
	Seed  uint64
	Scale int

	units  []*unit
	hands  []*hand
	source *source
	mu     sync.Mutex // held while a day is played: devices remember what they saw

	hospitals []*hospital
	clinics   []*shop
	repairs   []*shop
	labs      []*shop
	batteries []*shop // sell batteries, and take old ones back
	school    *shop   // has signed once, and is spoken for by the collector since
	closed    *shop   // nobody is there when the collector comes
	plating   *shop
	collector *collector
	medical   *carrier // medical waste only: its vehicles carry nothing else (医疗废物管理条例 art. 26)
	goods     *carrier
	plant     *plant
	landfill  *shop
	authority *shop // its inspector rules on contested events

	registered int // organisations other than the authority
}

// unit is an organisation with its one site.
type unit struct {
	party    id.Party
	site     id.Site
	credit   party.CreditCode
	name     string
	siteName string
	siteKind string
	division string
	builtUp  bool
	beds     int
	roles    []party.Role
	licences []licence
	people   []*hand
	fleet    string // tells its vehicles' plates from those of other carriers
	software bool   // its own software sends in bulk (HIS, weighbridge); otherwise every phone sends for itself
	social   string // type of social source, of package registry's; "": it is none
	serial   int    // of its credit code; 0: the next
	closed   int    // containers with a digital code, this day
}

type licence struct {
	number, kind, codes, methods, from, to string
}

// hand is a person with a device.
type hand struct {
	*device.Device
	unit *unit
	name string // of the device and, as an opaque reference, of the person
	key  crypto.Signer
}

type hospital struct {
	*unit
	wards  []ward
	porter *hand
	keeper *hand
}

type ward struct {
	name  string
	nurse *hand
	least int // bags of an ordinary day
	kinds []kind
}

// shop is a unit that needs one device: a clinic, a repair shop, a laboratory, the landfill.
type shop struct {
	*unit
	hand *hand
	bags int // of an ordinary day, at least
}

type collector struct {
	*unit
	keeper *hand
	driver *hand // from shop to shop
	trunk  *hand // from the depot to the plant
}

type carrier struct {
	*unit
	late    *hand // offline all day; nil where no phone is
	drivers []*hand
}

type plant struct {
	*unit
	gate    *hand
	steam   *hand
	furnace *hand
	office  *hand
}

// NewCity makes a city of a seed. Scale multiplies the generators; it is taken as 1 when
// smaller and as MaxScale when larger.
func NewCity(seed uint64, scale int) *City {
	c := &City{Seed: seed, Scale: min(max(scale, 1), MaxScale), source: &source{}}
	c.settle()
	for i := range c.Scale {
		c.addHospital(2*i, true)
		c.addHospital(2*i+1, false)
		c.addClinic(i)
		for n := range 5 {
			c.addRepair(5*i + n)
		}
		c.addLab(i)
	}
	c.settleApart()
	c.staffCarriers()
	return c
}

// staffCarriers gives the carriers as many drivers as the stops need.
func (c *City) staffCarriers() {
	stops := func(n, each int) int { return (n + each - 1) / each }
	c.medical.late = c.hire(c.medical.unit, "driver-late", true)
	for n := range stops(len(c.hospitals)+len(c.clinics)-2, stopsPerTrip) {
		c.medical.drivers = append(c.medical.drivers, c.hire(c.medical.unit, fmt.Sprintf("driver-%d", n+1), n%2 == 0))
	}
	for n := range stops(len(c.labs), stopsPerTrip) + 1 {
		c.goods.drivers = append(c.goods.drivers, c.hire(c.goods.unit, fmt.Sprintf("driver-%d", n+1), n%2 == 0))
	}
}

// settle makes the organisations of which every city has one.
func (c *City) settle() {
	c.plant = &plant{unit: c.found("plant", 0, unit{name: "样例危险废物处置中心（SAMPLE）", siteName: "样例处置厂区（SAMPLE）", siteKind: "plant",
		division: "130607", software: true, roles: []party.Role{party.Operator},
		licences: []licence{{"SAMPLE-OP-0001", "operating", "HW01;HW08;HW18;HW49", "D10;Y10;Y11", "2024-07-01", "2029-06-30"}}})}
	c.plant.gate = c.hire(c.plant.unit, "gate", false)
	c.plant.steam = c.hire(c.plant.unit, "steam", false)
	c.plant.furnace = c.hire(c.plant.unit, "furnace", false)
	c.plant.office = c.hire(c.plant.unit, "office", false)

	c.landfill = &shop{unit: c.found("landfill", 0, unit{name: "样例危险废物填埋场（SAMPLE）", siteName: "样例填埋库区（SAMPLE）", siteKind: "landfill",
		division: "130633", roles: []party.Role{party.Operator},
		licences: []licence{{"SAMPLE-OP-0002", "operating", "HW17;HW18", "D1", "2024-07-01", "2029-06-30"}}})}
	c.landfill.hand = c.hire(c.landfill.unit, "gate", false)

	c.collector = &collector{unit: c.found("collector", 0, unit{name: "样例小微企业危险废物收集点（SAMPLE）", siteName: "样例收集库（SAMPLE）", siteKind: "depot",
		division: "130609", fleet: "小", roles: []party.Role{party.Collector, party.Carrier},
		licences: []licence{
			{"SAMPLE-CO-0001", "collecting", "900-041-49;HW08;HW31", "", "2025-01-01", "2027-12-31"},
			{"SAMPLE-TR-0001", "transport", "HW08;HW31;HW49", "", "2025-01-01", "2028-12-31"},
		}})}
	c.collector.keeper = c.hire(c.collector.unit, "keeper", false)
	c.collector.driver = c.hire(c.collector.unit, "driver-1", true)
	c.collector.trunk = c.hire(c.collector.unit, "driver-2", true)

	c.medical = &carrier{unit: c.found("carrier-medical", 0, unit{name: "样例医疗废物运输公司（SAMPLE）", siteName: "样例医废车队（SAMPLE）", siteKind: "office",
		division: "130602", builtUp: true, roles: []party.Role{party.Carrier},
		licences: []licence{{"SAMPLE-TR-0002", "transport", "HW01", "", "2024-01-01", "2027-12-31"}}})}
	c.goods = &carrier{unit: c.found("carrier-goods", 0, unit{name: "样例危险货物运输公司（SAMPLE）", siteName: "样例危货车队（SAMPLE）", siteKind: "office",
		division: "130606", builtUp: true, fleet: "货", roles: []party.Role{party.Carrier},
		licences: []licence{{"SAMPLE-TR-0003", "transport", "*", "", "2024-01-01", "2027-12-31"}}})}
	c.authority = &shop{unit: c.found("authority", 0, unit{name: "样例生态环境局（SAMPLE）", siteName: "样例生态环境局办公室（SAMPLE）", siteKind: "office",
		division: "130606", builtUp: true, roles: []party.Role{party.Authority}})}
	c.authority.hand = c.hire(c.authority.unit, "inspector", false)
	c.hire(c.authority.unit, "inspector-2", false)
	c.hire(c.authority.unit, "inspector-3", false)
}

// Where generators stand, in turn.
var (
	hospitalPlaces = []string{"130602", "130681", "130606", "130683", "130609", "130684"}
	clinicPlaces   = []string{"130607", "130623", "130631", "130637"}
	repairPlaces   = []string{"130606", "130609", "130602", "130608", "130626"}
	labPlaces      = []string{"130606", "130602", "130608"}
)

// builtUp says that a place counts as a built-up area: the districts and cities do, the
// counties of the sample do not.
func builtUp(division string) bool {
	return slices.Contains([]string{"130602", "130606", "130609", "130681", "130683", "130684"}, division)
}

func (c *City) addHospital(n int, his bool) {
	beds, wards := 620, largeWards
	if !his {
		beds, wards = 310, smallWards
	}
	place := hospitalPlaces[n%len(hospitalPlaces)]
	h := &hospital{unit: c.found("hospital", n, unit{name: "样例第" + ordinal(n+1) + "医院（SAMPLE）", siteName: "样例第" + ordinal(n+1) + "医院院区（SAMPLE）",
		siteKind: "hospital", division: place, builtUp: builtUp(place), beds: beds, software: his, roles: []party.Role{party.Medical, party.Generator},
		licences: []licence{{fmt.Sprintf("SAMPLE-PD-%04d", n+1), "discharge", "HW01", "", "2024-01-01", "2028-12-31"}}})}
	for i, w := range wards {
		w.nurse = c.hire(h.unit, fmt.Sprintf("nurse-%02d", i+1), i%2 == 1)
		h.wards = append(h.wards, w)
	}
	h.porter = c.hire(h.unit, "porter", true)
	h.keeper = c.hire(h.unit, "store-keeper", false)
	c.hospitals = append(c.hospitals, h)
}

func (c *City) addClinic(n int) {
	place := clinicPlaces[n%len(clinicPlaces)]
	u := c.found("clinic", n, unit{name: "样例诊所" + ordinal(n+1) + "（SAMPLE）", siteName: "样例诊所" + ordinal(n+1) + "门诊（SAMPLE）", siteKind: "clinic",
		division: place, builtUp: builtUp(place), beds: 15, roles: []party.Role{party.Medical, party.Generator}})
	c.clinics = append(c.clinics, &shop{u, c.hire(u, "nurse", true), 8})
}

func (c *City) addRepair(n int) {
	place := repairPlaces[n%len(repairPlaces)]
	u := c.found("repair", n, unit{name: "样例汽修厂" + ordinal(n+1) + "（SAMPLE）", siteName: "样例汽修厂" + ordinal(n+1) + "车间（SAMPLE）", siteKind: "workshop",
		division: place, builtUp: builtUp(place), social: "repair", roles: []party.Role{party.Generator}})
	c.repairs = append(c.repairs, &shop{u, c.hire(u, "workshop", n%2 == 0), 3})
}

func (c *City) addLab(n int) {
	place := labPlaces[n%len(labPlaces)]
	u := c.found("laboratory", n, unit{name: "样例检测实验室" + ordinal(n+1) + "（SAMPLE）", siteName: "样例检测实验室" + ordinal(n+1) + "（SAMPLE）", siteKind: "laboratory",
		division: place, builtUp: builtUp(place), social: "laboratory", roles: []party.Role{party.Generator}})
	c.labs = append(c.labs, &shop{u, c.hire(u, "bench", false), 4})
}

// ordinal writes 1 to 10 as Chinese numerals and the rest in digits.
func ordinal(n int) string {
	if n <= 10 {
		return string([]rune("一二三四五六七八九十")[n-1])
	}
	return strconv.Itoa(n)
}
