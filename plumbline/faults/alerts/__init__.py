"""The alerts proved live: what really causes each, and the way of each until it is over."""
