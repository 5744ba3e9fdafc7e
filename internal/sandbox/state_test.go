package sandbox

import (
	"reflect"
	"testing"
)

// TestTablesAreComplete: a part of the state that is in no table would be lost
// between two commands.
func TestTablesAreComplete(t *testing.T) {
	data := newState()
	kept := map[any]bool{&data.Logs: true} // they have a bucket of their own
	for _, rows := range data.tables() {
		kept[rows] = true
	}
	value := reflect.ValueOf(&data).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); field.Type() == reflect.TypeFor[[]object]() && !kept[field.Addr().Interface()] {
			t.Errorf("tables does not name %s", value.Type().Field(i).Name)
		}
	}
}
