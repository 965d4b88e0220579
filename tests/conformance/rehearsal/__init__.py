"""The rehearsal of a deployment: template.yaml, expanded and deployed into ministack, takes an order."""
