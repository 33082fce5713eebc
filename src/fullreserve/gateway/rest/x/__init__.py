"""`/api/v5/x/`: what the web app needs that OKX's API has no words for."""
