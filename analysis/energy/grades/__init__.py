"""How near buildings and cities are to making what they use: grades, scopes, and the table of a plan."""

from analysis.energy.grades.city import by_need, city_scopes, five_uses, primary_of_electricity, rows_of_city
from analysis.energy.grades.plan import PlanReport, PlanRow, plan_report, plan_rows
from analysis.energy.grades.scheme import Grades, Scheme, grades, scheme, schemes, self_sufficiency
from analysis.energy.grades.scopes import FIVE_USES, Scope, ScopeBalance, scope_balances, scopes

__all__ = [
    "FIVE_USES",
    "Grades",
    "PlanReport",
    "PlanRow",
    "Scheme",
    "Scope",
    "ScopeBalance",
    "by_need",
    "city_scopes",
    "five_uses",
    "grades",
    "plan_report",
    "plan_rows",
    "primary_of_electricity",
    "rows_of_city",
    "scheme",
    "schemes",
    "scope_balances",
    "scopes",
    "self_sufficiency",
]
