"""The chain and its nodes: slots and heads, forks and finality, who joins late, what is sent and what is answered."""
