// One partition of a log of leads, sorted into leads and closed. A short-lived helper of LeadLog.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "lead_log.hpp"
#include "tally.hpp"

namespace lead_scoring {

class LeadSums {
 public:
  // What is needed on the way comes from `scratch`, and goes with it.
  LeadSums(const LeadLog& log, std::size_t partition, std::pmr::memory_resource* scratch);
  // The bytes of a block of closed leads.
  [[nodiscard]] Bytes closed();
  // Reads a closed lead; returns where the next one begins.
  static const std::uint8_t* read_lead(const std::uint8_t* at, LeadLog::Keys keys, LogKey* key, Bytes* tally);

 private:
  struct Lead {
    LogKey key;
    std::uint32_t hash;
    std::uint32_t count;  // of its entries, later where they end
    Bytes tally;          // what was closed before
  };
  // An entry where it lies, to be sorted.
  struct Place {
    std::uint64_t place;        // signal and tick
    const std::uint64_t* more;  // the word behind it of an entry that is not a plain one; nullptr: it is
  };

  struct Read {
    Place place;
    std::uint32_t lead;
  };
  // Signals are few and their numbers small; where they are not, several share a place.
  static constexpr std::size_t signal_places = 256;
  [[nodiscard]] static std::size_t signal_of(const Place& place) {
    return place.place >> 32 & (signal_places - 1);
  }

  // The number of the lead with this key, which is new or known.
  template <class Key>
  [[nodiscard]] std::uint32_t number_of(Key key, std::uint32_t hash);
  std::uint32_t add_lead(const LogKey& key, std::uint32_t hash, std::size_t place);
  void grow();
  void read_closed();
  void number_entries();
  void number_numbers(const LeadLog::Chunk& chunk);
  void number_bytes(const LeadLog::Chunk& chunk);
  template <class Key>
  [[nodiscard]] const std::uint64_t* number_words(Key key, std::uint32_t hash, const std::uint64_t* at);
  template <class Key>
  void number_entry(Key key, std::uint32_t hash, Place place);
  void spread_entries();
  void write_lead(const Lead& lead, std::span<Place> places, std::pmr::memory_resource* memory);
  [[nodiscard]] static std::uint64_t item_of(const Place& place);
  static void sort(std::span<Place> places);
  [[nodiscard]] static Bytes sum(std::span<Place> places, std::pmr::memory_resource* memory);

  const LeadLog& log_;
  const LeadLog::Partition& partition_;
  bool has_numbers_;
  std::pmr::memory_resource* scratch_;
  std::pmr::vector<Lead> leads_;
  std::pmr::vector<std::uint32_t> table_;  // open hash table: number of a lead + 1; 0: empty
  std::array<std::uint32_t, signal_places> signals_{};
  std::pmr::vector<Read> read_;     // entries, as they were appended
  std::pmr::vector<Place> places_;  // entries, lead by lead
  std::pmr::vector<std::uint8_t> out_;
};

}  // namespace lead_scoring
