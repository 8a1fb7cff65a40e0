package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/server"
)

// runPolicy prints who may see and do what.
func runPolicy(_ context.Context, t terminal, args []string) (int, error) {
	plain, err := parse(flags(t, "policy"), args)
	if err == nil {
		err = none(plain)
	}
	if err != nil {
		return 0, err
	}
	_, err = io.WriteString(t.out, access.Document(access.Table()))
	return exitOK, err
}

// runToken makes, lists and revokes bearer tokens.
func runToken(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "token")
	var a appointment
	fs.StringVar(&a.role, "role", "", "职务 role, see liandan policy; default: system_administrator, or organisation_administrator with --party")
	fs.StringVar(&a.party, "party", "", "单位编号 organisation id")
	fs.StringVar(&a.sites, "site", "", "场所编号，逗号分隔 site ids, with commas between")
	fs.StringVar(&a.person, "person", "", "经手人编号 person id")
	fs.StringVar(&a.divisions, "division", "", "行政区划代码，逗号分隔 divisions' six digits, with commas between")
	name := fs.String("name", "command line", "令牌名称 name of the token")
	days := fs.Int("days", 90, "有效天数 days of validity")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	holds, err := a.read()
	if err != nil {
		return 0, err
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error {
		switch {
		case len(plain) == 1 && plain[0] == "list":
			return listTokens(ctx, t.out, p)
		case len(plain) == 2 && plain[0] == "revoke":
			if err := p.Act(ctx, "revokeToken", plain[1]); err != nil {
				return err
			}
			if err := p.Registry.RevokeToken(ctx, plain[1]); err != nil {
				return err
			}
			fmt.Fprintf(t.out, "已吊销 revoked %s\n", plain[1])
			return nil
		case len(plain) > 0:
			return fmt.Errorf("用法 usage: liandan token [--role ROLE …] | liandan token list | liandan token revoke NAME")
		}
		if err := p.Act(ctx, "makeToken", string(holds.Role)); err != nil {
			return err
		}
		token, err := p.Registry.NewToken(ctx, holds, *name, time.Now().AddDate(0, 0, *days))
		if err != nil {
			return err
		}
		fmt.Fprintln(t.out, token)
		return nil
	})
}

// listTokens prints the tokens in force by the names under which they can be revoked.
func listTokens(ctx context.Context, out io.Writer, p *server.Parts) error {
	list, err := p.Registry.Tokens(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "代号 name\t职务 role\t单位 party\t说明 for\t至 until")
	for _, t := range list {
		until := "-"
		if !t.Expires.IsZero() {
			until = t.Expires.Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID(), t.Holds.Role, t.Holds.Party, t.Name, until)
	}
	return w.Flush()
}

// appointment is a token's as flags give it.
type appointment struct{ role, party, sites, person, divisions string }

func (a appointment) read() (out access.Appointment, err error) {
	out.Role = access.Role(a.role)
	if a.role == "" {
		out.Role = access.SystemAdministrator
		if a.party != "" {
			out.Role = access.OrganisationAdministrator
		}
	}
	if a.party != "" {
		if out.Party, err = id.ParseParty(a.party); err != nil {
			return out, fmt.Errorf("--party: %w", err)
		}
	}
	if a.person != "" {
		if out.Person, err = id.ParsePerson(a.person); err != nil {
			return out, fmt.Errorf("--person: %w", err)
		}
	}
	for _, word := range words(a.sites) {
		site, err := id.ParseSite(word)
		if err != nil {
			return out, fmt.Errorf("--site: %w", err)
		}
		out.Sites = append(out.Sites, site)
	}
	out.Divisions = words(a.divisions)
	return out, nil
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '，' })
}

// runAdmin makes a one-time code for a system administrator: the first one's, or a new one
// for somebody who lost their password or second factor.
func runAdmin(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "admin")
	login := fs.String("renew", "", "为该登录名重发一次性码 make a new one-time code for this login; its password and second factor are void at once")
	cfg, plain, err := settings(t, fs, args)
	if err == nil {
		err = none(plain)
	}
	if err != nil {
		return 0, err
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error {
		if err := p.Act(ctx, "renewInvitation", "command"); err != nil {
			return err
		}
		code, expires, err := p.AdministratorCode(ctx, *login)
		if err != nil {
			return err
		}
		if code == "" {
			fmt.Fprintln(t.out, "已有系统管理员；为某人重发一次性码请用 --renew 登录名 · there is an administrator; --renew LOGIN makes a new code for somebody")
			return nil
		}
		fmt.Fprintf(t.out, "%s/welcome#%s\n一次性码，有效至 one-time code, good until %s\n", cfg.PublicURL, code, expires.Local().Format(time.DateTime))
		return nil
	})
}
