"""Users: who the customers are, and the points that they have.

It knows an order by its number, because points are given for one. What an order is, it does not know, and it asks nobody.
"""
