package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A purse is a budget that pays for a request.
type purse struct {
	row    object // has what was spent
	limit  any    // nil: none
	atZero bool   // a limit of 0 refuses before anything is spent
	says   string // the refusal, with room for what was spent and the limit
}

// over reports whether nothing is left in a purse.
func (p purse) over() *reply {
	limit, limited := number(p.limit)
	spent, _ := number(p.row["spend"])
	if !limited || spent < limit || limit == 0 && spent == 0 && !p.atZero {
		return nil
	}
	if strings.Contains(p.says, "%.4f") { // of a period, in dollars
		return budgetExceeded(fmt.Sprintf(p.says, spent, limit))
	}
	return budgetExceeded(fmt.Sprintf(p.says, money(spent), money(limit)))
}

// firstOver is the refusal of the first of the purses that has nothing left.
func firstOver(purses []purse) *reply {
	for _, p := range purses {
		if bad := p.over(); bad != nil {
			return bad
		}
	}
	return nil
}

// keyPurses are those that are looked at with the key, before its team's models: of the
// member and of the key.
func (c *call) keyPurses() []purse {
	key := c.who.key
	if key == nil {
		return nil
	}
	var out []purse
	membership, own := c.memberBudget()
	if limit, is := number(own["max_budget"]); is && limit > 0 {
		out = append(out, purse{membership, limit, true, fmt.Sprintf("Budget has been exceeded! TeamMember=%s:%s", c.who.userID, text(key["team_id"])) + " Current cost: %s, Max budget: %s"})
	}
	return append(out, purse{key, c.keyLimit(), true,
		fmt.Sprintf("Budget has been exceeded! Key=%s (%s)", or2(text(key["key_alias"]), "key"), text(key["key_name"])) + " Current cost: %s, Max budget: %s"})
}

// keyLimit is the budget of the key, its own or that of its budget, with what it was given
// for a time.
func (c *call) keyLimit() any {
	key := c.who.key
	budget := byID(c.Budgets, "budget_id", text(key["budget_id"]))
	limit, is := number(or(key["max_budget"], budget["max_budget"]))
	if !is {
		return nil
	}
	metadata, _ := key["metadata"].(object)
	until, _, _ := strings.Cut(text(metadata["temp_budget_expiry"]), "T")
	if day, err := time.Parse(time.DateOnly, until); err == nil && c.now().Before(day) {
		more, _ := number(metadata["temp_budget_increase"])
		limit += more
	}
	return money(limit)
}

// purses are the others, in the order in which they refuse.
func (c *call) purses(asked string, body object) (out []purse) {
	add := func(row object, limit any, atZero bool, who, rest string) {
		if row != nil {
			out = append(out, purse{row, limit, atZero, fmt.Sprintf(rest, who)})
		}
	}
	const exceeded = "Budget has been exceeded! %s Current cost: %%s, Max budget: %%s"
	const over = "ExceededBudget: %s over budget. Spend=%%s, Budget=%%s"
	team, model := c.team(), c.alias(asked)
	if team != nil {
		add(team, team["max_budget"], false, "Team="+text(team["team_id"]), exceeded)
		out = append(out, windowPurses(team, "Team="+text(team["team_id"]))...)
	}
	if c.who.key != nil {
		out = append(out, windowPurses(c.who.key, "Key")...)
	}
	for _, name := range c.budgetTags(body) {
		if tag := byID(c.Tags, "name", name); tag != nil {
			add(tag, byID(c.Budgets, "budget_id", text(tag["budget_id"]))["max_budget"], false, "Tag="+name, exceeded)
		}
	}
	for _, group := range c.groupsUsed(model) {
		if budget := c.groupBudget(group); budget != nil {
			if limit, is := number(budget["max_budget"]); is && limit > 0 {
				add(object{"spend": c.groupSpend(group)}, limit, false, "Model access group="+group, exceeded)
			}
		}
	}
	if user := byID(c.Users, "user_id", c.who.userID); c.who.key != nil && team == nil && user != nil {
		add(user, user["max_budget"], true, "User="+c.who.userID, over)
	}
	if membership, own := c.memberBudget(); membership != nil {
		limit := own["max_budget"]
		if shared, is := number(c.membersBudget(team)["max_budget"]); is && shared > 0 && limit == nil {
			limit = shared
		}
		add(membership, limit, true, "User="+c.who.userID+" in Team="+text(team["team_id"]), exceeded)
	}
	if budget := c.customerBudget(text(body["user"])); budget != nil {
		customer := byID(c.Customers, "user_id", text(body["user"]))
		if customer == nil {
			customer = object{}
		}
		add(customer, budget["max_budget"], false, "End User="+text(body["user"]), over)
	}
	return out
}

// budgetTags are the tags of a request whose budgets count: the team's do not.
func (c *call) budgetTags(body object) []string {
	metadata, _ := c.team()["metadata"].(object)
	own := map[string]bool{}
	for _, tag := range list(metadata["tags"]) {
		own[tag] = true
	}
	var out []string
	for _, tag := range c.requestTags(body) {
		if !own[tag] {
			out = append(out, tag)
		}
	}
	return out
}

// customerBudget is a customer's budget: its own, else the one that the key names for its
// customers.
func (c *call) customerBudget(id string) object {
	if id == "" {
		return nil
	}
	row := byID(c.Customers, "user_id", id)
	if own := byID(c.Budgets, "budget_id", text(row["budget_id"])); own != nil || c.who.key == nil {
		return own
	}
	metadata, _ := c.who.key["metadata"].(object)
	return byID(c.Budgets, "budget_id", text(metadata["end_user_budget_id"]))
}

// groupBudget is the budget of an access group, nil if it has none.
func (c *call) groupBudget(group string) object {
	for _, model := range c.Models {
		if ids, is := model["group_budgets"].(object); is && inGroup(model, group) {
			if row := byID(c.Budgets, "budget_id", text(ids[group])); row != nil {
				return row
			}
		}
	}
	return nil
}

// groupSpend is what was spent with a group's models while it had a budget.
func (c *call) groupSpend(group string) money {
	total := 0.0
	for _, model := range c.Models {
		spends, _ := model["group_spends"].(object)
		spent, _ := number(spends[group])
		total += spent
	}
	return money(total)
}

// counted reports whether a budget of more than 0 pays for the request. The gateway then
// counts its tokens; else it takes 10.
func counted(purses []purse) bool {
	for _, p := range purses {
		if limit, is := number(p.limit); is && limit > 0 {
			return true
		}
	}
	return false
}

func budgetExceeded(message string) *reply {
	return fail(http.StatusUnprocessableEntity, "budget_exceeded", nil, message)
}

// charge adds the price of a mock answer to everybody concerned.
func (c *call) charge(body object, model object, asked, group string, used tokens) float64 {
	known := cost(model)
	in, _ := number(known["input_cost_per_token"])
	out, _ := number(known["output_cost_per_token"])
	in, out = in*float64(used.in), out*float64(used.out)
	spent := in + out
	add := func(row object, fields ...string) {
		if row == nil {
			return
		}
		for _, field := range fields {
			before, _ := number(row[field])
			row[field] = money(before + spent)
		}
	}
	if key := c.who.key; key != nil {
		add(key, "spend", "total_spend")
		key["last_active"] = c.stamp()
		add(c.team(), "spend")
		chargeWindows(key, spent)
		if team := c.team(); team != nil {
			chargeWindows(team, spent)
		}
		add(c.membership(key["team_id"], c.who.userID), "spend", "total_spend")
	}
	add(byID(c.Users, "user_id", c.who.userID), "spend")
	for _, name := range c.requestTags(body) {
		add(byID(c.Tags, "name", name), "spend")
	}
	deployment := c.modelByID(text(infoOf(model)["id"])) // not the copy that stands for a wildcard
	for _, name := range c.groupsUsed(c.alias(asked)) {
		if c.groupBudget(name) != nil && inGroup(deployment, name) {
			spends, _ := or(deployment["group_spends"], object{}).(object)
			add(spends, name)
			deployment["group_spends"] = spends
		}
	}
	customer := text(body["user"])
	if customer != "" && byID(c.Customers, "user_id", customer) == nil { // spend makes a customer
		c.addCustomer(customer)
	}
	add(byID(c.Customers, "user_id", customer), "spend")
	c.chargeDeployment(deployment, spent)
	c.record(group, model, in, out, used)
	c.Logs[len(c.Logs)-1]["end_user"] = customer
	return spent
}
