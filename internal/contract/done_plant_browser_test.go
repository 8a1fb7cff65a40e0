package contract

import (
	"slices"
	"strconv"

	"liandan/internal/event"
	"liandan/internal/waste"
)

// accepts weighs at the plant's gate, which it enters by the code on the driver's screen: four of
// the trip's loads with one tap, the third alone and in part.
func (x *tale) accepts() {
	x.t.Helper()
	x.plant.signIn()
	x.plant.open("#gate", `[data-at="gate"]`)
	x.plant.until("five loads", `document.querySelectorAll('[data-at="gate"]').length === 5`)
	x.page(x.plant, "gate", "到货", "门口 5 单", "1 件 · 2.5 kg")
	x.driver.tap("出示交货码")
	x.driver.until("the delivery code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	x.page(x.driver, "delivery-code", "交接码")
	third := x.driver.batchOf(x.stops[2].label).State
	screen, _ := x.driver.code("svg.qr:first-of-type")
	x.plant.reads(x.in, screen, `location.hash.startsWith("#check/") && document.querySelectorAll("select.verdict").length === 1`)
	x.plant.tap("本车全部 5 单一起验收")
	x.plant.until("what would be signed of each", `document.querySelectorAll("[data-signs]").length === 5`)
	x.plant.until("the third taken out", `((b) => b && (b.click(), true))(document.querySelector('[data-manifest="`+third.Manifest.String()+`"] > button'))`)
	x.plant.until("four left", `document.querySelectorAll("[data-signs]").length === 4`)
	x.plant.tap("照交来的重量填上")
	x.page(x.plant, "load-all", "本车全部 5 单", "将签 4 单", "1 件 · 2.5 kg")
	x.signs(x.plant, "本车全部接受，签名")
	x.plant.until("the third alone", `location.hash === "#check/`+third.Manifest.String()+`" && document.querySelector('[data-batch="`+third.ID.String()+`"] select.verdict')`)
	x.plant.unsent(0)
	x.holds(4)
	x.plant.in(third.ID, put+`(x.querySelector("select.verdict"), "part"); `+put+`(x.querySelector("input.refused"), "0.5")`)
	x.page(x.plant, "check", "验收 1 件", "部分接受", "拒收的重量")
	x.plant.tap("签名 Sign")
	x.plant.until("the stock", `location.hash === "#stock" && document.querySelectorAll("[data-batch]").length === 5`)
	x.plant.unsent(0)
	x.holds(1)
	x.page(x.plant, "stock", "库存 5 件", "7.5 kg")
	x.stops[2].kept = 2500
	for _, st := range x.stops {
		if v := x.driver.batchOf(st.label).State; v.Stage != "accepted" || int64(v.Grams) != st.kept || v.Custodian != x.plant.who.Appointment.Party {
			x.t.Errorf("accepted: %+v", v)
		}
	}
	sheet := must(x.s.Audit.Manifest(x.t.Context(), third.Manifest))(x.t).State
	rest := must(x.s.Audit.Batch(x.t.Context(), sheet.Lines[0].Rest))(x.t).State
	if sheet.Lines[0].Verdict != event.Part || rest.Stage != "refused" || rest.Grams != 500 || rest.Custodian != x.driver.who.Appointment.Party {
		x.t.Errorf("what was refused: %+v %+v", sheet.Lines, rest)
	}
}

// treats puts the load into store, steams it, and tells the consignors.
func (x *tale) treats() {
	x.t.Helper()
	x.plant.tap("入库 5 件")
	x.plant.fill("#place", "样例一号库 SAMPLE")
	x.page(x.plant, "put", "入库 5 件")
	x.signs(x.plant, "入库，签名")
	x.plant.until("in store", `location.hash === "#stock" && document.body.innerText.includes("样例一号库 SAMPLE")`)
	x.plant.unsent(0)
	x.holds(1)
	x.plant.open("#treat", "#typed")
	x.plant.tap("加入在库全部 5 件")
	x.plant.until("all on the list", `document.querySelectorAll("[data-batch]").length === 5`)
	js[bool](x.plant.walker, `(`+put+`(document.querySelector("#method"), "Y11"), document.querySelector('input[value="mass"]').click(), `+put+`(document.querySelector("input.residuemass"), "5.25"), true)`)
	x.plant.fill("#facility", "样例蒸汽 1 号 SAMPLE")
	x.page(x.plant, "treat", "利用处置：5 件", "Y11")
	x.signs(x.plant, "处置 5 件，签名")
	x.plant.until("whom to tell", `location.hash === "#outcome" && document.querySelectorAll("[data-manifest]").length === 5`)
	x.plant.unsent(0)
	x.holds(1, slices.Repeat([]string{"exempt-after-treatment"}, 5)...)
	x.page(x.plant, "outcome", "告知移出人结果")
	for left := 4; left >= 0; left-- {
		x.plant.tap("告知移出人，签名")
		x.plant.until("one less to tell", `document.querySelectorAll("[data-manifest]").length === `+strconv.Itoa(left))
	}
	x.plant.unsent(0)
	x.holds(5)
	var residue int64
	for _, st := range x.stops {
		v := x.driver.batchOf(st.label).State
		if v.Stage != "reported" || v.Grams != 0 || int64(v.TreatedSum) != st.kept || !slices.Equal(v.Methods, []waste.Method{"Y11"}) {
			x.t.Errorf("treated: %+v", v)
		}
		residue += int64(v.Residue)
	}
	if residue != 5250 {
		x.t.Errorf("the residue is %d g", residue)
	}
}
