package command

import (
	"os"

	"recado/store"
	"recado/store/trust"
)

// desk is where the person who gave the command changes the book.
func (c *call) desk(o *owner) *store.Desk { return o.parts.Book.Desk(c.actor("command")) }

// actor is the person who gave the command, or sits at the screens. Who may
// read the data directory may do everything: the roles below that are for
// terminals that somebody is given.
func (c *call) actor(from string) store.Actor {
	name := c.user
	if name == "" {
		name = trust.UserName(os.Geteuid())
	}
	return store.Actor{Name: name, Role: store.Admin, From: from}
}

// demoActor is the program where it makes the world of a demo.
var demoActor = store.Actor{Name: "recado", Role: store.Admin, From: "demo"}
