"""Facts with the time we learned them, the ledger, drafts, approvals, the outbox."""

from haidang.data.observations import Observation, Reported
from haidang.edge.store.accounts import Account, Accounts, Kept
from haidang.edge.store.chain import Entry
from haidang.edge.store.deliveries import FixRow
from haidang.edge.store.delivery import Attempt
from haidang.edge.store.notices import Change, State, difference
from haidang.edge.store.store import Store
from haidang.edge.store.tasks import TaskAct, TaskState
from haidang.edge.store.trace import Step

__all__ = [
    "Account",
    "Accounts",
    "Attempt",
    "Change",
    "Entry",
    "FixRow",
    "Kept",
    "Observation",
    "Reported",
    "State",
    "Step",
    "Store",
    "TaskAct",
    "TaskState",
    "difference",
]
