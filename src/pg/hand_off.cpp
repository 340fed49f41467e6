#include "pg/hand_off.hpp"

#include "pg/business_clock.hpp"

namespace lead_scoring {

namespace {

struct KnownBand {
  const char* sheet;
  const char* name;
  const BandRequest* request;  // nullptr: it asks for nothing
};

const BandRequest* request_of(HandOffs* known, const char* sheet, const char* band) {
  ListCell* cell = nullptr;
  foreach (cell, known->bands) {
    const auto* one = static_cast<const KnownBand*>(lfirst(cell));
    if (strcmp(one->name, band) == 0 && strcmp(one->sheet, sheet) == 0) return one->request;
  }
  auto* read = palloc0_object(KnownBand);
  *read = {sheet, band, read_band_request(sheet, band)};
  known->bands = lappend(known->bands, read);
  return read->request;
}

const BusinessClock* clock_named(HandOffs* known, const char* name) {
  static const BusinessClock around_the_clock = {nullptr, nullptr};
  if (name == nullptr) return &around_the_clock;
  ListCell* cell = nullptr;
  foreach (cell, known->clocks) {
    const auto* one = static_cast<const BusinessClock*>(lfirst(cell));
    if (strcmp(one->name, name) == 0) return one;
  }
  auto* read = palloc0_object(BusinessClock);
  *read = read_business_clock(name);
  known->clocks = lappend(known->clocks, read);
  return read;
}

Datum text_or_zero(const char* text) { return text == nullptr ? Datum{0} : CStringGetTextDatum(text); }

}  // namespace

FollowUp follow_up_of(HandOffs* known, const char* sheet, Datum band, TimestampTz at, FailureList* failures,
                      const char* lead) {
  const char* name = TextDatumGetCString(band);
  const BandRequest* request = request_of(known, sheet, name);
  if (request == nullptr) return {};
  FollowUp follow_up = {};
  follow_up.notify = request->notify;
  if (request->next_step == nullptr && request->owner_role == nullptr && request->follow_up == nullptr)
    return follow_up;
  follow_up.asked = true;
  follow_up.next_step = text_or_zero(request->next_step);
  follow_up.owner_role = text_or_zero(request->owner_role);
  follow_up.calendar = text_or_zero(request->calendar);
  if (request->follow_up == nullptr) return follow_up;
  ErrorReport problem;
  follow_up.has_due = add_business_time(*clock_named(known, request->calendar), at, *request->follow_up,
                                        &follow_up.due_at, &problem);
  if (!follow_up.has_due)
    record_failure(
        failures, "", sheet, problem.sqlstate,
        psprintf("band \"%s\" sets no due date: %s", name, TextDatumGetCString(text_datum(problem.message))),
        lead);
  return follow_up;
}

}  // namespace lead_scoring
