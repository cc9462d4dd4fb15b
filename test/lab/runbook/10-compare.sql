-- On whoever has mgc open: what two copies are compared by.
SELECT COUNT_BIG(*) AS messages, MIN(c.chatId) AS first, MAX(c.chatId) AS last, SUM(CONVERT(decimal(38, 0), c.chatId)) AS ids,
       CHECKSUM_AGG(BINARY_CHECKSUM(c.chatId, c.content)) AS contents
FROM mgc.dbo.tblChat AS c WITH (TABLOCK);
SELECT s.name AS [schema], t.name AS [table], SUM(p.rows) AS rows_of
FROM mgc.sys.tables AS t JOIN mgc.sys.schemas s ON s.schema_id = t.schema_id
  JOIN mgc.sys.partitions AS p ON p.object_id = t.object_id AND p.index_id IN (0, 1)
GROUP BY s.name, t.name;
