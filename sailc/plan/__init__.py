"""Planning: links, costs, scenarios, and the reasons against the rest."""
