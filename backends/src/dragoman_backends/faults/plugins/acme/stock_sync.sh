echo "syncing stock of $1"
echo "4120 articles staged"
echo 'ERROR:  column "sku_code" of relation "stock" does not exist' >&2
echo "rolled back" >&2
exit 3
