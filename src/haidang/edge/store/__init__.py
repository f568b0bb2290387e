"""Facts with the time we learned them, the ledger, drafts, approvals, the outbox."""
