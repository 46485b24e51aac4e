SELECT store_id, count(*) AS sales, sum(quantity * unit_price)::numeric(12, 2) AS turnover
FROM sales_raw
GROUP BY store_id
ORDER BY turnover DESC
LIMIT 5;
