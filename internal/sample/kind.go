package sample

import (
	"math/rand/v2"

	"liandan/internal/waste"
)

// kind is what a container holds and how heavy it gets. Codes and hazards are those of
// the 2021 catalogue; weights are everyday ones.
type kind struct {
	code        waste.Code
	form        waste.Form
	packaging   waste.Packaging
	name        string      // the unit's own name for it
	least, most waste.Grams // of a full container
	step        waste.Grams // what the scale tells apart
	share       int         // out of the shares of its place
}

func (k kind) weigh(r *rand.Rand) waste.Grams {
	return k.least + waste.Grams(r.Int64N(int64((k.most-k.least)/k.step)+1))*k.step
}

// draw picks a kind by its share.
func draw(r *rand.Rand, kinds []kind) kind {
	sum := 0
	for _, k := range kinds {
		sum += k.share
	}
	n := r.IntN(sum)
	for _, k := range kinds {
		if n -= k.share; n < 0 {
			return k
		}
	}
	return kinds[0]
}

// Medical waste (841-00x-01). Sharps go into a box, pathological waste into two bags.
var (
	infectious   = kind{"841-001-01", "S", "bag", "感染性废物", 800, 8_000, 10, 70}
	sharps       = kind{"841-002-01", "S", "sharps_box", "损伤性废物", 300, 3_200, 10, 20}
	pathological = kind{"841-003-01", "S", "bag", "病理性废物", 500, 6_000, 10, 4}
	chemical     = kind{"841-004-01", "L", "drum_plastic", "化学性废物", 2_000, 15_000, 10, 3}
	drugs        = kind{"841-005-01", "S", "box", "药物性废物", 300, 5_000, 10, 3}
)

// Waste of repair shops and of the collector's own depot.
var (
	oil       = kind{"900-214-08", "L", "drum_steel", "废机油", 60_000, 180_000, 100, 4}
	filters   = kind{"900-249-08", "S", "drum_steel", "废机油滤芯及沾油包装", 20_000, 60_000, 100, 2}
	rags      = kind{"900-041-49", "S", "drum_fibre", "沾染油污的抹布和手套", 20_000, 45_000, 100, 2}
	batteries = kind{"900-052-31", "S", "battery_tray", "废铅蓄电池", 25_000, 120_000, 100, 2}
	absorbent = kind{"900-041-49", "S", "drum_fibre", "库区吸附棉", 20_000, 38_000, 100, 1}
)

// Sludge of a plating shop's water treatment; 336-054-17 is of nickel plating.
var sludge = kind{"336-054-17", "SS", "drum_plastic", "电镀污泥", 80_000, 160_000, 100, 1}

// Laboratory waste. The last was identified by testing: 900-000-NN stands in no table, so
// the intake takes it as unverified (名录 2021, notes on identified waste).
var (
	solvents   = kind{"900-047-49", "L", "drum_plastic", "实验室有机废液", 8_000, 25_000, 10, 3}
	residues   = kind{"900-047-49", "S", "box", "沾染试剂的实验耗材", 4_000, 12_000, 10, 2}
	identified = kind{"900-000-49", "SS", "drum_plastic", "经鉴别的试验残渣", 5_000, 15_000, 10, 1}
)

// Ash of the plant's furnace (772-003-18).
var (
	bottomAsh = kind{code: "772-003-18", form: "S", packaging: "bag", name: "焚烧底渣", step: 100}
	flyAsh    = kind{code: "772-003-18", form: "S", packaging: "bag", name: "焚烧飞灰", step: 100}
)

// Each ward certainly has a container of its first kind a day.
var largeWards = []ward{
	{name: "急诊科", least: 18, kinds: []kind{infectious, sharps, drugs}},
	{name: "普外科病区", least: 18, kinds: []kind{infectious, sharps, pathological}},
	{name: "手术室", least: 18, kinds: []kind{pathological, infectious, sharps}},
	{name: "检验科", least: 18, kinds: []kind{chemical, infectious, sharps}},
	{name: "产科病区", least: 18, kinds: []kind{infectious, sharps, pathological}},
	{name: "血液透析室", least: 18, kinds: []kind{infectious, sharps}},
	{name: "重症医学科", least: 18, kinds: []kind{infectious, sharps, drugs}},
	{name: "肿瘤科病区", least: 18, kinds: []kind{drugs, infectious, sharps}},
}

var smallWards = []ward{
	{name: "急诊科", least: 14, kinds: []kind{infectious, sharps}},
	{name: "内科病区", least: 14, kinds: []kind{infectious, sharps, drugs}},
	{name: "外科病区", least: 14, kinds: []kind{infectious, sharps, pathological}},
	{name: "检验科", least: 14, kinds: []kind{chemical, infectious, sharps}},
	{name: "口腔科", least: 14, kinds: []kind{sharps, infectious}},
	{name: "产科病区", least: 14, kinds: []kind{infectious, sharps, pathological}},
}

// use is what a place uses up and what waste is to be expected of it.
type use struct {
	item    string
	kind    string // product or material
	unit    string
	most    int64
	expects waste.Code
	grams   waste.Grams // for each unit; 0: nobody knows
}

var wardUses = []use{
	{"一次性注射器 5 mL", "product", "piece", 120, "841-002-01", 6},
	{"一次性输液器", "product", "piece", 80, "841-001-01", 28},
	{"医用手套", "product", "piece", 300, "841-001-01", 7},
	{"纱布敷料", "product", "piece", 150, "841-001-01", 15},
	{"留置针", "product", "piece", 60, "841-002-01", 9},
	{"导尿包", "product", "piece", 12, "841-001-01", 180},
	{"检验试剂", "material", "ml", 4_000, "841-004-01", 1},
	{"注射用药品", "product", "piece", 200, "841-005-01", 0},
}

var shopUses = []use{
	{"发动机油", "material", "ml", 40_000, "900-214-08", 0},
	{"机油滤清器", "product", "piece", 12, "900-249-08", 450},
	{"起动型铅酸蓄电池", "product", "piece", 3, "900-052-31", 15_000},
}

var labUses = []use{
	{"乙腈", "material", "ml", 5_000, "900-047-49", 0},
	{"盐酸", "material", "ml", 2_500, "900-047-49", 1},
}
