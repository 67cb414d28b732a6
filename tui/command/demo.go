package command

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/people"
	"recado/session/simulator"
	"recado/store"
	"recado/tui"
	"recado/tui/host"
)

// world is how a simulated world is described on the command line.
type world struct {
	config simulator.Config
}

// flags lets the command line change the world.
func (w *world) flags(c *call, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Uint64Var(&w.config.Seed, "seed", w.config.Seed, c.t("flag_world_seed"))
	flags.IntVar(&w.config.People, "people", w.config.People, c.t("flag_world_people"))
	flags.IntVar(&w.config.Unregistered, "unregistered", w.config.Unregistered, c.t("flag_world_absent"))
	flags.IntVar(&w.config.Aliases, "aliases", w.config.Aliases, c.t("flag_world_old"))
	flags.Float64Var(&w.config.Reads, "reads", w.config.Reads, c.t("flag_world_read"))
	flags.Float64Var(&w.config.Replies, "replies", w.config.Replies, c.t("flag_world_reply"))
	flags.Float64Var(&w.config.OptOuts, "opt-outs", w.config.OptOuts, c.t("flag_world_optout"))
	flags.DurationVar(&w.config.Latency, "latency", w.config.Latency, c.t("flag_world_delay"))
	flags.Float64Var(&w.config.Speed, "speed", w.config.Speed, c.t("flag_world_speed"))
	flags.IntVar(&w.config.Hostile, "hostile", w.config.Hostile, c.t("flag_world_harmful"))
}

// simulateCommand is the simulated WhatsApp as a process of its own.
func (c *call) simulateCommand() *cobra.Command {
	var listen, dir string
	w := &world{simulator.Config{Seed: 1, People: 200, Speed: 1}}
	cmd := &cobra.Command{
		Use:    "simulate",
		Hidden: true,
		Short:  c.t("cmd_simulate"),
		Args:   c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			if dir == "" {
				return c.fail(ExitUsage, "simulate_needs_dir")
			}
			if c.owner != nil {
				return c.fail(ExitUsage, "simulate_not_here")
			}
			return simulator.Serve(ctx, listen, c.path(dir), w.config, c.env.Stdout)
		}),
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", c.t("flag_simulate_listen"))
	cmd.Flags().StringVar(&dir, "dir", "", c.t("flag_simulate_dir"))
	w.flags(c, cmd)
	return cmd
}

// demoPace is the pace of the numbers of a demo: pleasant to watch, and of no
// use against the real service.
var demoPace = campaign.Pace{
	Gap:    campaign.Span{Min: time.Second, Max: 3 * time.Second},
	NewGap: campaign.Span{Min: time.Second, Max: 3 * time.Second},
}

// demoWorld is the world of a demo.
var demoWorld = simulator.Config{
	Seed: 7, People: 300, Unregistered: 12, Aliases: 20,
	Reads: 0.7, Replies: 0.2, OptOuts: 0.02,
	Speed: 1, Latency: 120 * time.Millisecond,
}

func (c *call) demoCommand() *cobra.Command {
	var dir string
	w := &world{demoWorld}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: c.t("cmd_demo"),
		Args:  c.noArgs,
		RunE:  c.run(func(ctx context.Context, _ []string) error { return c.demo(ctx, dir, w.config) }),
	}
	cmd.Flags().StringVar(&dir, "dir", "", c.t("flag_demo_dir"))
	w.flags(c, cmd)
	return cmd
}

// demo runs the screens on a service in this process.
func (c *call) demo(ctx context.Context, dir string, config simulator.Config) (err error) {
	if err := c.needTerminal(); err != nil {
		return err
	}
	if c.owner != nil { // the door of a demo: it cannot open itself once more
		return c.opened()
	}
	if dir == "" {
		dir = c.data
	}
	passing := dir == ""
	if passing {
		if dir, err = os.MkdirTemp("", "recado-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	service := simulator.New(config)
	defer service.Close()
	pipe := &host.Service{HTTP: func() *http.Client { return service.HTTPClient() }, RootKey: simulator.RootKey()}
	return c.withOwnerOf(ctx, c.path(dir), pipe, screens, demoOf(service, passing), func(ctx context.Context, o *owner) error {
		if err := importWorld(ctx, o.parts.Book, service.People()); err != nil {
			return err
		}
		demo, cancel := context.WithCancel(ctx)
		defer cancel()
		go quicken(demo, o) // ends with the demo
		return c.showHere(ctx, o)
	})
}

// demoOf is what the screens can do to a service.
func demoOf(service *simulator.Service, passing bool) *tui.Demo {
	faults := newFaults(service)
	return &tui.Demo{
		Passing: passing,
		Scan: func(code string, phone people.Phone) error {
			_, err := service.ScanAs(code, string(phone))
			return err
		},
		Type: func(phone people.Phone, code string) error { return service.EnterCode(string(phone), code) },
		Sign: func(options string) (string, error) {
			answer, err := service.SignPasskey([]byte(options))
			return string(answer), err
		},
		Cause: faults.cause, Causing: faults.causing, Mend: faults.mend,
	}
}

// importWorld imports the people of a new demo as an operator would have, with
// tags and fields to filter and write by.
func importWorld(ctx context.Context, book *store.Book, persons []simulator.Person) error {
	if n, err := book.ContactCount(); err != nil || n > 0 {
		return err
	}
	cities := []string{"São Paulo", "Rio de Janeiro", "Belo Horizonte", "Curitiba", "Recife", "Salvador"}
	rows := make([]people.Row, 0, len(persons))
	for i, p := range persons {
		phone, err := people.ParsePhone(p.Phone)
		if err != nil {
			return err
		}
		dice := drawn(p.Phone)
		row := people.Row{
			Line: i + 2, Phone: phone, Name: p.Name,
			Fields: map[string]string{"cidade": cities[dice.IntN(len(cities))]},
		}
		if dice.IntN(5) == 0 {
			row.Tags = append(row.Tags, "vip")
		}
		if dice.IntN(3) == 0 {
			row.Tags = append(row.Tags, "cliente")
		}
		if first, _, _ := strings.Cut(people.Fold(p.Name), " "); dice.IntN(4) > 0 {
			row.Fields["email"] = fmt.Sprintf("%s@exemplo.com.br", first)
		}
		rows = append(rows, row)
	}
	_, err := book.Desk(demoActor).Import(ctx, rows, "demo.csv")
	return err
}

// drawn is chance that depends on a phone alone, so that two demos of one
// world are alike.
func drawn(phone string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(phone))
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// quicken gives every number without limits of its own the pace of a demo.
func quicken(ctx context.Context, o *owner) {
	ring, unhear := o.parts.Bell.Listen()
	defer unhear()
	done := make(map[campaign.NumberID]bool)
	for {
		for _, id := range o.NumberIDs() {
			if !done[id] {
				done[id] = true
				if err := quickenOne(o.parts.Book, id); err != nil {
					o.parts.Logger.Error("set the limits of a demo", "number", id, "err", err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ring:
		}
	}
}

func quickenOne(book *store.Book, id campaign.NumberID) error {
	n, err := book.Number(id)
	if err != nil || n.Limits != (campaign.Limits{}) {
		return err
	}
	_, err = book.Desk(demoActor).SetLimits(id, demoPace.All())
	return err
}
