#include "pg/type_dispatch.hpp"

#include "core/tally.hpp"

extern "C" {
#include "nodes/primnodes.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
}

namespace lead_scoring {

namespace {

struct Comparison {
  AttrNumber column;
  Oid function;
  int16 width;
  Datum literal;
};

bool same_bytes_are_equal(const OpExpr* operation) {
  return OidIsValid(operation->inputcollid) && get_collation_isdeterministic(operation->inputcollid);
}

bool is_dispatchable(const OpExpr* operation) {
  switch (operation->opfuncid) {
    case F_TEXTEQ:
      return same_bytes_are_equal(operation);
    case F_INT2EQ:
    case F_INT4EQ:
    case F_INT8EQ:
    case F_ENUM_EQ:
      return true;
    default:
      return false;
  }
}

// `column = literal`, where the column may be shown as a type of the same bytes.
bool read_comparison(Node* event_type, Comparison* comparison) {
  if (!IsA(event_type, OpExpr)) return false;
  const auto* operation = castNode(OpExpr, event_type);
  if (list_length(operation->args) != 2 || !is_dispatchable(operation)) return false;
  auto* column = static_cast<Node*>(linitial(operation->args));
  auto* literal = static_cast<Node*>(lsecond(operation->args));
  while (IsA(column, RelabelType)) column = reinterpret_cast<Node*>(castNode(RelabelType, column)->arg);
  if (!IsA(column, Var) || !IsA(literal, Const) || castNode(Const, literal)->constisnull) return false;
  *comparison = {castNode(Var, column)->varattno, operation->opfuncid,
                 static_cast<int16>(castNode(Const, literal)->constlen),
                 castNode(Const, literal)->constvalue};
  return true;
}

// A Datum as the number of its width: what lies above it is not the same from everywhere.
Datum number_of(Datum value, int16 width) {
  if (width == 2) return Int16GetDatum(DatumGetInt16(value));
  return width == 4 ? Int32GetDatum(DatumGetInt32(value)) : value;
}

EventType probe_of(const TypeDispatch& dispatch, Datum value) {
  if (!dispatch.is_text) return {number_of(value, dispatch.width), nullptr, 0, {}};
  const struct varlena* text = PG_DETOAST_DATUM_PACKED(value);
  const std::string_view bytes(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
  return {static_cast<Datum>(hash_item(bytes)), bytes.data(), bytes.size(), {}};
}

EventType* place_of(const TypeDispatch& dispatch, const EventType& probe) {
  // Numbers in a row, as of an enum, take neighbouring places; the hash of a text is spread by itself.
  for (Datum at = probe.value;; at++) {
    EventType* place = &dispatch.types[at & static_cast<Datum>(dispatch.mask)];
    if (place->signals.signals == nullptr) return place;
    if (place->value == probe.value && place->length == probe.length &&
        (probe.length == 0 || std::memcmp(place->text, probe.text, probe.length) == 0))
      return place;
  }
}

void add_signal(SignalList* list, int signal) { list->signals[list->count++] = signal; }

SignalList empty_list(int most) {
  return {0, static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(most + 1)))};
}

bool concerns_all(const TypeWanted& wanted) { return wanted.always || wanted.event_type == nullptr; }

// False: some signal's comparison is none that can be looked up.
bool find_column(TypeDispatch* dispatch, const TypeWanted* wanted, int count) {
  for (int i = 0; i < count; i++) {
    Comparison comparison;
    if (concerns_all(wanted[i])) continue;
    if (!read_comparison(wanted[i].event_type, &comparison)) return false;
    dispatch->column = comparison.column;
    dispatch->is_text = comparison.function == F_TEXTEQ;
    dispatch->width = comparison.width;
  }
  return dispatch->column != 0;
}

// The place of the type a signal is for; nullptr: it is for all.
EventType* place_wanted(const TypeDispatch& dispatch, const TypeWanted& wanted, EventType* probe) {
  Comparison comparison;
  if (concerns_all(wanted) || !read_comparison(wanted.event_type, &comparison)) return nullptr;
  *probe = probe_of(dispatch, comparison.literal);
  return place_of(dispatch, *probe);
}

void fill_places(TypeDispatch* dispatch, const TypeWanted* wanted, int count) {
  for (int i = 0; i < count; i++) {
    EventType probe;
    EventType* place = place_wanted(*dispatch, wanted[i], &probe);
    if (place == nullptr || place->signals.signals != nullptr) continue;
    *place = probe;
    place->signals = empty_list(count);
  }
}

// Signals are added in their order to the lists of all types they are for, so that every list is in order.
void fill_lists(TypeDispatch* dispatch, const TypeWanted* wanted, int count) {
  for (int i = 0; i < count; i++) {
    EventType probe;
    EventType* place = place_wanted(*dispatch, wanted[i], &probe);
    if (place != nullptr) {
      add_signal(&place->signals, i);
      continue;
    }
    add_signal(&dispatch->others, i);
    for (int type = 0; type <= dispatch->mask; type++)
      if (dispatch->types[type].signals.signals != nullptr) add_signal(&dispatch->types[type].signals, i);
  }
}

}  // namespace

bool make_dispatch(TypeDispatch* dispatch, const TypeWanted* wanted, int count) {
  *dispatch = {};
  dispatch->others = empty_list(count);
  if (!find_column(dispatch, wanted, count)) {
    dispatch->column = 0;
    for (int i = 0; i < count; i++) add_signal(&dispatch->others, i);
    return false;
  }
  int size = 4;
  while (size < 2 * count) size *= 2;
  dispatch->mask = size - 1;
  dispatch->types = static_cast<EventType*>(palloc0(sizeof(EventType) * static_cast<Size>(size)));
  fill_places(dispatch, wanted, count);
  fill_lists(dispatch, wanted, count);
  return true;
}

const SignalList& signals_of_type(const TypeDispatch& dispatch, Datum type, bool is_null) {
  if (is_null) return dispatch.others;
  const EventType* place = place_of(dispatch, probe_of(dispatch, type));
  return place->signals.signals == nullptr ? dispatch.others : place->signals;
}

}  // namespace lead_scoring
