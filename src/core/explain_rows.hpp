// The rows of explain while they are put together.
#pragma once

#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "account.hpp"
#include "evaluate.hpp"
#include "measure.hpp"
#include "model.hpp"

namespace lead_scoring {

class ExplainRows {
 public:
  // Of each rule its standing and its account. Texts come from `memory`.
  ExplainRows(const Model& model, std::span<const Standing> standings, std::span<const Account> accounts,
              std::pmr::memory_resource* memory)
      : model_(&model), standings_(standings), accounts_(accounts), memory_(memory) {}

  void add_rule(std::size_t index);
  // A clamp, ceiling, persona or verdict that changed something. Its row names what it is, and as the reason
  // the rule or group that caused it.
  void add(std::string_view kind, std::string_view what, Points change, std::string_view cause);
  // Where the next rows belong.
  void enter_component(Component component);
  void enter_group(int group);  // −1: none
  void enter_sheet();

  [[nodiscard]] const std::vector<ExplainRow>& rows() const { return rows_; }

 private:
  const Model* model_;
  std::span<const Standing> standings_;
  std::span<const Account> accounts_;
  std::pmr::memory_resource* memory_;
  std::vector<ExplainRow> rows_;
  std::string_view component_;
  std::string_view group_;
  Points running_ = 0;
};

}  // namespace lead_scoring
