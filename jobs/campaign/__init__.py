"""The campaign: who of the whitelist is sent what, when and how, and what became of promises."""
