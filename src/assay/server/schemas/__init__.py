"""What requests and answers look like, as OpenAPI describes them."""
