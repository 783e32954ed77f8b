"""How well guard knows what was banned: packs of bans, cases made from histories, and what it costs."""
