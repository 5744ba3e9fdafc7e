package sandbox

import (
	"maps"
	"net/http"
	"slices"
)

// each runs a handler once for every member of the body's list, as if it were
// the body of a request of its own.
func (c *call) each(name string, handle handler, collect func(item object, answer *reply)) {
	items, _ := c.body[name].([]any)
	for _, one := range items {
		item, is := one.(object)
		if !is {
			continue
		}
		inner := *c
		inner.raw = marshal(item)
		collect(item, handle(&inner))
	}
}

// reason is the message of a refusal.
func (r *reply) reason() string {
	body, _ := r.body.(object)
	if inner, is := body["error"].(object); is {
		return text(inner["message"])
	}
	if inner, is := body["detail"].(object); is {
		return text(inner["error"])
	}
	return text(body["detail"])
}

// bulkFields are what /key/bulk_update reads of an item; it ignores any other field.
var bulkFields = []string{"key", "budget_id", "max_budget", "team_id", "tags", "object_permission"}

func bulkUpdateKeys(c *call) *reply {
	if bad := c.read("keys!:list"); bad != nil {
		return bad
	}
	updated, failed := []object{}, []object{}
	update := func(inner *call) *reply {
		given, _ := decode(inner.raw)
		item, _ := given.(object)
		maps.DeleteFunc(item, func(name string, _ any) bool { return !slices.Contains(bulkFields, name) })
		inner.raw = marshal(item)
		return updateKey(inner)
	}
	c.each("keys", update, func(item object, answer *reply) {
		if answer.status == http.StatusOK {
			info := view("key_row", byID(c.Keys, "token", tokenOf(text(item["key"]))))
			delete(info, "key")
			delete(info, "token")
			updated = append(updated, object{"key": item["key"], "key_info": info})
		} else {
			failed = append(failed, object{"key": item["key"], "key_info": nil, "failed_reason": answer.reason()})
		}
	})
	return ok(object{"total_requested": len(updated) + len(failed), "successful_updates": updated, "failed_updates": failed})
}

func bulkCreateUsers(c *call) *reply {
	if bad := c.read("users!:list"); bad != nil {
		return bad
	}
	rows, created, before := []object{}, 0, len(c.Users)
	quiet := func(inner *call) *reply {
		if bad := inner.readAs("POST /user/new"); bad != nil {
			return bad
		}
		if inner.body["auto_create_key"] == nil {
			inner.body["auto_create_key"] = false
			inner.raw = marshal(inner.body)
		}
		return newUser(inner)
	}
	c.each("users", quiet, func(item object, answer *reply) {
		row := object{"user_id": item["user_id"], "user_email": item["user_email"], "success": false, "teams": nil, "key": nil, "error": nil}
		if made, is := answer.body.(object); is && answer.status == http.StatusOK {
			created++
			row["success"], row["user_id"], row["teams"], row["key"] = true, made["user_id"], append([]string{}, list(made["teams"])...), made["key"]
			if made["key"] == "" {
				row["key"] = nil
			}
		} else {
			row["error"] = answer.reason()
		}
		rows = append(rows, row)
	})
	now := c.stamp()
	for _, user := range c.Users[before:] { // one statement makes them all
		user["created_at"], user["updated_at"] = now, now
	}
	return ok(object{"data": rows, "meta": object{"total_requested": len(rows), "created": created, "failed": len(rows) - created}})
}

func bulkUpdateUsers(c *call) *reply {
	if bad := c.read("users:list all_users:bool user_updates:dict"); bad != nil {
		return bad
	}
	rows, done := []object{}, 0
	c.each("users", updateUser, func(item object, answer *reply) {
		row := object{"user_id": item["user_id"], "user_email": item["user_email"], "success": answer.status == http.StatusOK, "error": nil, "updated_user": nil}
		if answer.status == http.StatusOK {
			done++
			row["updated_user"] = answer.body
		} else {
			row["error"] = answer.reason()
		}
		rows = append(rows, row)
	})
	return ok(object{"results": rows, "total_requested": len(rows), "successful_updates": done, "failed_updates": len(rows) - done})
}

func bulkDeleteUsers(c *call) *reply {
	if bad := c.read("user_ids!:list"); bad != nil {
		return bad
	}
	rows := []object{}
	for _, id := range list(c.body["user_ids"]) {
		row := object{"user_id": id, "user_email": nil, "success": false, "teams_removed": []string{}, "error": "User id=" + id + " not found"}
		if user := byID(c.Users, "user_id", id); user != nil {
			row["user_email"], row["success"], row["error"] = user["user_email"], true, nil
			row["teams_removed"] = append([]string{}, list(user["teams"])...)
			inner := *c
			inner.raw = marshal(object{"user_ids": []string{id}})
			deleteUsers(&inner)
		}
		rows = append(rows, row)
	}
	return ok(object{"data": rows})
}
