package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/sample"
	"liandan/internal/server"
)

// city is what a data folder remembers of its sample city.
type city struct {
	Seed  uint64 `json:"seed"`
	Scale int    `json:"scale"`
	Runs  int    `json:"runs"` // plays so far; each continues, none starts over
}

// clock is the server's clock while the demo plays a day that is over already; unset it
// is the machine's.
type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) now() time.Time {
	if t := c.at.Load(); t != nil {
		return *t
	}
	return time.Now()
}

func (c *clock) set(t time.Time) { c.at.Store(&t) }
func (c *clock) release()        { c.at.Store(nil) }

func runDemo(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "demo")
	days := fs.Int("days", 1, "连续天数 consecutive days to play")
	scale := fs.Int("scale", 1, "城市规模 size of the city")
	seed := fs.Uint64("seed", 1, "随机种子：同一种子得到同一城市 the same seed gives the same city")
	once := fs.Bool("once", false, "演完即退出 stop after the play instead of serving on")
	cfg, plain, err := settings(t, fs, args)
	if err == nil {
		err = none(plain)
	}
	if err == nil && (*days < 1 || *days > 60 || *scale < 1 || *scale > 50) {
		err = errors.New("--days must be 1 to 60, --scale 1 to 50")
	}
	if err != nil {
		return 0, err
	}
	if cfg.LogLevel == "info" {
		cfg.LogLevel = "warn" // a play is thousands of requests
	}
	log, err := logger(t, cfg)
	if err != nil {
		return 0, err
	}
	asked := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { asked[f.Name] = true })
	known, err := cityOf(cfg, city{Seed: *seed, Scale: *scale}, asked["seed"], asked["scale"])
	if err != nil {
		return 0, err
	}
	p := &play{t: t, cfg: cfg, city: known, town: sample.NewCity(known.Seed, known.Scale), days: *days}
	p.lay(time.Now())
	s, err := server.Start(ctx, cfg, server.Options{Env: t.env, Log: log, Now: p.clock.now})
	if err != nil {
		return 0, err
	}
	if err := p.run(ctx, s); err != nil {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		return 0, errors.Join(err, s.Stop(end))
	}
	if *once {
		done, cancel := context.WithCancel(ctx)
		cancel()
		return exitOK, keepServing(done, s)
	}
	fmt.Fprintf(t.out, "\n服务继续运行，按 Ctrl-C 停止 · serving on at %s, stop with Ctrl-C\n", s.URL)
	return exitOK, keepServing(ctx, s)
}

// cityOf reads which city the data folder holds. A folder holds one: asking for another
// by name is an error, asking for none goes on with it.
func cityOf(cfg *config.Config, want city, seedAsked, scaleAsked bool) (city, error) {
	b, err := os.ReadFile(cfg.File("demo.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return want, nil
	}
	var have city
	if err == nil {
		err = json.Unmarshal(b, &have)
	}
	if err == nil && ((seedAsked && have.Seed != want.Seed) || (scaleAsked && have.Scale != want.Scale)) {
		err = fmt.Errorf("%s holds the sample city of --seed %d --scale %d; choose another --data for another city", cfg.Data, have.Seed, have.Scale)
	}
	return have, err
}

// play is one run of the demo.
type play struct {
	t     terminal
	cfg   *config.Config
	city  city
	town  *sample.City
	days  int
	plan  []sample.Day
	clock clock
}

// lay chooses the days. The first run plays the last days that are over, with the
// server's clock moved along; keys are enrolled before the first of them. A later run
// plays the last of them again with other waste, at the machine's own time, for the log's
// clock never goes back.
func (p *play) lay(now time.Time) {
	p.clock.set(sample.EnrolAt(now))
	if p.city.Runs == 0 {
		p.plan = sample.Days(now, p.days, 0)
		return
	}
	for i := range p.days {
		p.plan = append(p.plan, sample.Days(now, 1, p.city.Runs+i)...)
	}
}

func (p *play) run(ctx context.Context, s *server.Server) error {
	c := client.New(s.URL, s.Token)
	out := p.t.out
	fmt.Fprintf(out, "样例城市 sample city: %s （全部单位均为样例 every organisation is a sample）\n", p.place())
	registers := p.town.Registers()
	for _, kind := range sample.Kinds() {
		report, err := c.Import(ctx, kind, registers[kind])
		if err != nil {
			return fmt.Errorf("register %s: %w", kind, err)
		}
		var r struct{ Applied bool }
		if err := json.Unmarshal(report, &r); err != nil || !r.Applied {
			return fmt.Errorf("register %s was not taken in: %s", kind, report)
		}
	}
	if err := p.town.Enrol(ctx, c); err != nil {
		return err
	}
	if p.city.Runs > 0 {
		p.clock.release() // keys are enrolled as of the past, waste is recorded as of now
	}
	if err := p.remember(); err != nil {
		return err
	}
	var story sample.Story
	for i, day := range p.plan {
		told, err := p.town.Play(ctx, day, c, func(at sample.Progress) {
			if p.city.Runs == 0 {
				p.clock.set(at.At)
			}
			fmt.Fprintf(out, "  %s %s  %-14s %s (%d/%d)\n", day, at.At.Format("15:04"), at.ZH, at.EN, at.Done, at.Total)
		})
		if err != nil {
			return err
		}
		if i == 0 {
			story = told
		} else {
			story = story.Add(told)
		}
	}
	p.clock.release()
	return p.tell(ctx, story, s)
}

// remember writes down that these days were begun, before they are: ids follow from the
// run's number, and a play that was broken off must not use them again for other facts.
func (p *play) remember() error {
	began := p.city
	began.Runs += len(p.plan)
	b, err := json.Marshal(began)
	if err != nil {
		return err
	}
	return os.WriteFile(p.cfg.File("demo.json"), append(b, '\n'), 0o600)
}

// place names the store without a database's password.
func (p *play) place() string {
	if p.cfg.Database == "" {
		return p.cfg.File("liandan.sqlite")
	}
	return "PostgreSQL"
}

func (p *play) tell(ctx context.Context, story sample.Story, s *server.Server) error {
	file := ""
	if p.cfg.Database == "" {
		file = p.cfg.File("liandan.sqlite")
	}
	people, err := signIns(ctx, p.town, s)
	if err != nil {
		return err
	}
	reader, err := s.Registry.NewToken(ctx, access.Appointment{Role: access.CityInspector}, "demo reader", time.Now().AddDate(0, 0, 7))
	if err != nil {
		return err
	}
	for _, list := range story.Lists {
		if err := client.New(s.URL, reader).HandIn(ctx, list.Text()); err != nil {
			return fmt.Errorf("list of a draw: %w", err)
		}
	}
	fmt.Fprintf(p.t.out, "\n%s\n地址 address   %s\n%s\n%s", story.Summary(), s.URL, people, story.ThreeThings(s.URL, reader, p.cfg.Data, file))
	return nil
}

// signIns gives each of the city's people an account with a password that is random and
// shown this once. Playing again gives new ones.
func signIns(ctx context.Context, town *sample.City, s *server.Server) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "登录 sign in   %s/signin   （密码随机，仅显示这一次 passwords are random and shown this once）\n", s.URL)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, who := range town.People() {
		code, err := invited(ctx, s, who)
		if err != nil {
			return "", fmt.Errorf("account %s: %w", who.Login, err)
		}
		password := strings.ToLower(rand.Text()[:20])
		if _, token, err := s.Accounts.Accept(ctx, account.Acceptance{Code: code, Password: password}); err != nil {
			return "", fmt.Errorf("account %s: %w", who.Login, err)
		} else if err := s.Accounts.SignOut(ctx, token); err != nil {
			return "", err
		}
		fmt.Fprintf(w, "  %s\t%s\t%s %s\n", who.Login, password, who.ZH, who.EN)
	}
	err := w.Flush()
	return b.String(), err
}

// invited makes the account of one of the city's people, or opens it anew.
func invited(ctx context.Context, s *server.Server, who sample.Somebody) (code string, err error) {
	k, there, err := s.Store.AccountReader(ctx).AccountOfLogin(who.Login)
	if err != nil {
		return "", err
	}
	if there {
		again, err := s.Accounts.RenewInvitation(ctx, k.ID)
		return again.Code, err
	}
	first, err := s.Accounts.Invite(ctx, who.Login, who.Name, []access.Appointment{who.Appointment})
	return first.Code, err
}
