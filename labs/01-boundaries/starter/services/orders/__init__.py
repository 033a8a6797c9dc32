"""Orders: their whole life, the stock that they reserve and the discounts that they get.

It knows its customers by id and its products by SKU. Whatever else there is to know of them, it asks.
"""
