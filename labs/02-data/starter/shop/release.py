"""What has to happen before the shop starts: its tables as they have to be, and something to sell in them."""

from shop import migrate, seed

if __name__ == "__main__":
    migrate.up()
    seed.main()
