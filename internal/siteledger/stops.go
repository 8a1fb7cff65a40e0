package siteledger

import (
	"context"
	"io"
	"time"

	"liandan/internal/batch"
	"liandan/internal/journal"
	"liandan/internal/sheet"
	"liandan/internal/standbook"
	"liandan/internal/tabular"
)

// Monthly writes the monthly manifest of an institution: a line for each code of each stop,
// and the totals. As csv the stops alone.
func (m Maker) Monthly(ctx context.Context, w io.Writer, f sheet.Format, x journal.Monthly) error {
	n, err := m.names(ctx)
	if err != nil {
		return err
	}
	stops := n.stops("医疗废物联单 monthly", x.Stops)
	about := tabular.Sheet{Name: "说明 about", Header: []string{"项目 item", "内容 content"}}
	about.Row(tabular.Text("场所 site"), tabular.Text(n.site(x.Site)))
	about.Row(tabular.Text("月份 month"), tabular.Text(x.From.Format("2006-01")))
	about.Row(tabular.Text("依据 source"), tabular.Text(x.Source))
	about.Row(tabular.Text("来历 origin"), tabular.Text("由已签事件导出，不手填 derived from signed events, nothing is typed"))
	totals := n.classes("合计 totals", x.Totals, x.To.Add(-time.Millisecond))
	if n.err != nil {
		return n.err
	}
	return sheet.WriteBook(w, f, stops, totals, about)
}

// Cards writes the cards of a trip, one vehicle under the other: the stops, where the load
// left the vehicle, and the totals. As csv the stops alone. partial: manifests are left out
// that the reader may not see.
func (m Maker) Cards(ctx context.Context, w io.Writer, f sheet.Format, cards []journal.Card, partial bool) error {
	n, err := m.names(ctx)
	if err != nil {
		return err
	}
	var stops []journal.Stop
	totals := tabular.Sheet{Name: "合计 totals", Header: append([]string{"牌号 vehicle", "承运人 carrier", "状态 state"}, classHeader()...)}
	for _, c := range cards {
		stops = append(stops, c.Stops...)
		state := "已全部交出 all handed over"
		if c.Open {
			state = "车上尚有废物 something is on the vehicle still"
		}
		for _, row := range n.classes("", c.Totals, n.of(c.Stops)).Rows {
			totals.Row(append([]tabular.Cell{tabular.Text(c.Vehicle), tabular.Text(n.party(c.Carrier)), tabular.Text(state)}, row...)...)
		}
	}
	if partial {
		totals.Row(tabular.Text("部分联单无权查看，未列入 manifests are left out that the reader may not see"))
	}
	list, ends := n.stops("运送登记卡 stops", stops), n.ends(cards)
	if n.err != nil {
		return n.err
	}
	return sheet.WriteBook(w, f, list, ends, totals)
}

// of is the time at which a card's codes are named.
func (n *names) of(stops []journal.Stop) (t time.Time) {
	for _, s := range stops {
		t = s.Taker.At
	}
	return t
}

func (n *names) stops(name string, stops []journal.Stop) tabular.Sheet {
	t := tabular.Sheet{Name: name, Header: []string{"序号 stop", "交接时间 taken over", "联单编号 number", "联单标识 manifest", "交出单位 from", "交出场所 site", "交出人标识 giver", "交出时间 given",
		"承运单位 carrier", "接收人标识 taker", "牌号 vehicle", "车次 trip", "废物代码 code", "废物名称 waste", "件数 bags", "重量(千克) kg", "豁免：收集 exempt collection", "豁免：运输 exempt transport",
		"证据 evidence", "交出事件 giver's event", "接收事件 taker's event"}}
	for i, s := range stops {
		evidence := electronic
		if s.Grade == batch.OnPaper {
			evidence = onPaper
		}
		for _, c := range s.Classes {
			t.Row(tabular.Number(i+1), moment(s.Taker.At), tabular.Text(s.Number), tabular.Text(s.Manifest.String()), tabular.Text(n.party(s.From)), tabular.Text(n.site(s.FromSite)),
				tabular.Text(s.Giver.Person.String()), moment(s.Giver.At), tabular.Text(n.party(s.Taker.Party)), tabular.Text(s.Taker.Person.String()), tabular.Text(s.Vehicle), tabular.Text(s.Trip.String()),
				tabular.Text(string(c.Code)), tabular.Text(n.waste(c.Code, s.Taker.At)), tabular.Number(c.Bags), standbook.Kilograms(c.Grams), tabular.Text(string(s.Exempt.Collection)),
				tabular.Text(string(s.Exempt.Transport)), tabular.Text(evidence), tabular.Text(s.Giver.Event.String()), tabular.Text(s.Taker.Event.String()))
		}
	}
	return t
}

func (n *names) ends(cards []journal.Card) tabular.Sheet {
	t := tabular.Sheet{Name: "卸车 ends", Header: []string{"牌号 vehicle", "联单标识 manifest", "到达时间 arrived", "承运人标识 driver", "接收单位 taken by", "接收场所 site", "接收人标识 taker", "接收时间 taken",
		"废物代码 code", "件数 bags", "重量(千克) kg", "拒收(千克) refused kg", "到达事件 arrival's event", "接收事件 taker's event"}}
	for _, c := range cards {
		for _, e := range c.Ends {
			head := []tabular.Cell{tabular.Text(c.Vehicle), tabular.Text(e.Manifest.String()), moment(e.Arrival.At), tabular.Text(e.Arrival.Person.String())}
			if len(e.Takers) == 0 {
				t.Row(append(head, tabular.Text("尚未接收 not taken over yet"))...)
			}
			for _, k := range e.Takers {
				classes := k.Classes
				if len(classes) == 0 {
					classes = []journal.Class{{}}
				}
				for i, cl := range classes {
					refused := tabular.Cell{}
					if i == 0 && k.Refused > 0 {
						refused = standbook.Kilograms(k.Refused)
					}
					row := append(append([]tabular.Cell{}, head...), tabular.Text(n.party(k.Party)), tabular.Text(n.site(k.Site)), tabular.Text(k.Person.String()), moment(k.At),
						tabular.Text(string(cl.Code)), some(int64(cl.Bags)), kilos(cl), refused, tabular.Text(e.Arrival.Event.String()), tabular.Text(k.Event.String()))
					t.Row(row...)
				}
			}
		}
	}
	return t
}

func kilos(c journal.Class) tabular.Cell {
	if c.Grams == 0 {
		return tabular.Cell{}
	}
	return standbook.Kilograms(c.Grams)
}

func classHeader() []string {
	return []string{"废物代码 code", "废物名称 waste", "件数 bags", "重量(千克) kg"}
}

func (n *names) classes(name string, list []journal.Class, at time.Time) tabular.Sheet {
	t := tabular.Sheet{Name: name, Header: classHeader()}
	for _, c := range list {
		t.Row(tabular.Text(string(c.Code)), tabular.Text(n.waste(c.Code, at)), tabular.Number(c.Bags), standbook.Kilograms(c.Grams))
	}
	return t
}

// moment writes a signer's time in local time; "" for none.
func moment(t time.Time) tabular.Cell {
	if t.IsZero() {
		return tabular.Cell{}
	}
	return tabular.Text(clock(t.UnixMilli()))
}
