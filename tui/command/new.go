package command

import (
	"bufio"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/media"
	"recado/campaign/reason"
	"recado/store"
)

// draft is what `campaign new` was told.
type draft struct {
	name, text, to, pace string
	attach               string // the path of a file; empty: none
	numbers              []string
	yes                  bool
}

func (c *call) newCommand() *cobra.Command {
	var d draft
	cmd := &cobra.Command{
		Use: "new",
		Short: c.tongue.say("Escreve uma campanha (rascunho) e imprime seu id",
			"Write a campaign (a draft) and print its id"),
		Example: `recado campaign new --name Natal --text 'Oi {primeiro_nome|tudo bem}!' --to 'tag:vip -tag:frio'`,
		Args:    cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			return c.withOwner(ctx, brief, func(ctx context.Context, o *owner) error { return c.newCampaign(ctx, o, d) })
		}),
	}
	say := c.tongue.say
	flags := cmd.Flags()
	flags.StringVar(&d.name, "name", "", say("`NOME` da campanha", "`NAME` of the campaign"))
	flags.StringVar(&d.text, "text", "", say("`TEXTO` da mensagem, com {nome}, {primeiro_nome}, {campo|reserva}…",
		"`TEXT` of the message, with {name}, {first_name}, {field|fallback}…"))
	flags.StringVar(&d.attach, "attach", "", say("`ARQUIVO` que vai junto: foto, vídeo, áudio ou documento; o texto fica embaixo e pode faltar",
		"`FILE` to send: picture, video, audio or document; the text goes below it and may be left out"))
	flags.StringVar(&d.to, "to", "", say("`FILTRO` do público; vazio: todos", "`FILTER` of the audience; empty: everybody"))
	flags.StringArrayVar(&d.numbers, "number", nil, say("`QUEM` envia (nome ou telefone de um número); repita para vários; sem ele: todos os vinculados",
		"`WHO` sends (name or phone of a number); repeat for more; without it: all that are linked"))
	flags.StringVar(&d.pace, "pace", "", say("`RITMO` desta campanha, mais lento que o dos números: qualquer parte de '",
		"`PACE` of this campaign, slower than that of the numbers: any part of '")+
		campaign.DefaultPace(time.Time{}, time.Now()).String()+"'")
	flags.BoolVar(&d.yes, "yes", false, say("responde sim ao que seria perguntado", "answer yes to what would be asked"))
	return c.jsonFlag(cmd)
}

// newCampaign checks what was typed, asks before anything unsafe, and writes
// the draft.
func (c *call) newCampaign(ctx context.Context, o *owner, d draft) error {
	if strings.TrimSpace(d.name) == "" || strings.TrimSpace(d.text) == "" && d.attach == "" {
		return c.fail(ExitUsage, "faltam --name e --text (ou --attach)", "--name and --text (or --attach) are needed")
	}
	d.text = campaign.Text(d.text)
	if err := campaign.CheckLength(d.text); err != nil {
		return &failure{code: ExitUsage, text: c.why(err), err: err}
	}
	if _, err := campaign.ParseTemplate(d.text); err != nil {
		return c.mistake(c.tongue.say("texto", "text"), d.text, err)
	}
	if _, err := c.filter(d.to); err != nil {
		return err
	}
	numbers, err := c.numbersNamed(o, d.numbers)
	if err != nil {
		return err
	}
	pace, err := campaign.ParsePace(campaign.Pace{}, d.pace)
	if err != nil {
		return &failure{code: ExitUsage, err: err}
	}
	attachment, err := c.attachment(ctx, o, d.attach)
	if err != nil {
		return err
	}
	if attachment != nil && !attachment.Captioned() && strings.TrimSpace(d.text) != "" {
		return &failure{code: ExitUsage, text: d.attach + ": " + c.because(reason.New(reason.AttachmentText))}
	}
	written := campaign.Campaign{
		Name: strings.TrimSpace(d.name), Text: d.text, Attachment: attachment, To: d.to, Numbers: numbers, Pace: pace,
	}
	if lacks := written.Lacks(); len(lacks) > 0 { // the book would keep it: a script is told at once
		return lacks[0]
	}
	if err := c.preflight(ctx, o, written); err != nil {
		return err
	}
	written, err = o.parts.Book.AddCampaign(written)
	if err != nil {
		return err
	}
	if c.json {
		return c.campaignObject(o, written, nil)
	}
	return c.line(written.ID.String())
}

// attachment gives the book a file of the caller's; nil if none is named.
func (c *call) attachment(ctx context.Context, o *owner, name string) (*media.Attachment, error) {
	if name == "" {
		return nil, nil
	}
	if name == "-" { // people see the name
		return nil, c.fail(ExitUsage, "--attach precisa do nome de um arquivo", "--attach needs the name of a file")
	}
	file, err := c.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	a, err := o.parts.Book.Attach(name, file)
	if err != nil {
		return nil, &failure{code: ExitFailed, text: name + ": " + c.why(err), err: err}
	}
	return &a, nil
}

// numbersNamed finds numbers by name or phone.
func (c *call) numbersNamed(o *owner, names []string) (ids []campaign.NumberID, err error) {
	for _, name := range names {
		n, err := c.numberNamed(o, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, n.ID) {
			ids = append(ids, n.ID)
		}
	}
	return ids, nil
}

// numberNamed finds a number by name or phone.
func (c *call) numberNamed(o *owner, name string) (campaign.Number, error) {
	n, err := o.parts.Book.NumberNamed(name)
	if errors.Is(err, store.ErrNotFound) {
		err = c.fail(ExitNotFound, "não há número chamado %q; veja recado numbers",
			"there is no number named %q; see recado numbers", name)
	}
	return n, err
}

// ask puts a question to the person at the terminal. The answer is yes only if
// they say so.
func (c *call) ask(ctx context.Context, pt, en string) (bool, error) {
	c.words("%s", c.tongue.say(pt, en))
	typed := make(chan string, 1)
	go func() { // ends with the line, or with the process whose terminal it is
		line, _ := bufio.NewReader(c.env.Stdin).ReadString('\n')
		typed <- line
	}()
	select {
	case <-ctx.Done():
		c.words("\n")
		return false, c.interrupted()
	case line := <-typed:
		return affirms(line), nil
	}
}

// affirms reports whether a line that was typed means yes.
func affirms(line string) bool {
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "s", "sim", "y", "yes":
		return true
	}
	return false
}

// preflight says who of the audience of a draft would receive it, who would not
// and why, which numbers would send it at what pace and when, and what keeps it
// from being started.
func (c *call) preflight(ctx context.Context, o *owner, draft campaign.Campaign) error {
	p, err := o.parts.Book.Preflight(ctx, draft, o.parts.Clock.Now())
	if err != nil {
		return err
	}
	for _, s := range p.Senders {
		if len(s.Overruled) > 0 {
			c.tell("aviso: o número %s tem limites mais apertados, que valem: %s (mudam com: recado numbers pace %s)",
				"note: the number %s has tighter limits, which hold: %s (to change them: recado numbers pace %s)",
				s.Number.Name, strings.Join(s.Overruled, ", "), word(s.Number.Name))
		}
	}
	for _, why := range slices.Sorted(maps.Keys(p.LeftOut)) {
		c.tell("aviso: ficam de fora %d: %s", "note: %d left out: %s", p.LeftOut[why], c.because(reason.New(why)))
	}
	for _, l := range p.Lacking {
		who := strings.Join(l.Who, ", ")
		if l.Count > len(l.Who) {
			who += "…"
		}
		c.tell("aviso: falta {%s} a %d (%s); use {%s|reserva}", "note: {%s} is missing for %d (%s); use {%s|fallback}", l.Field, l.Count, who, l.Field)
	}
	for _, s := range p.Stops {
		c.tell("aviso: não pode começar: %s", "note: it cannot start: %s", c.why(s))
	}
	for _, s := range p.Senders {
		c.tell("%s envia com: %s", "%s sends with: %s", s.Number.Name, s.Pace)
	}
	if p.Receive > 0 {
		c.tell("recebem: %d; %s", "%d receive it; %s", p.Receive, c.forecast(p.Forecast))
	}
	if store.Offline(p.Senders) {
		c.tell("nenhum desses números está conectado", "none of these numbers is connected")
	}
	return nil
}
