// The server store, version 2: a label for what a memory's whole life comes to, which writes keep from now on.
//
// It follows from the cached spans alone. What the main line does not show has no status, and gets no label. An open
// end is the last instant there is, 9999-12-31T23:59:59.999999Z.

MATCH (m:Memory) WHERE size(m.holds_to) > 0 AND m.holds_to[-1] >= datetime('9999-12-31T23:59:59Z')
CALL (m) { REMOVE m:Closed:Pending:Void SET m:Open } IN TRANSACTIONS OF 5000 ROWS;

MATCH (m:Memory) WHERE size(m.holds_to) > 0 AND m.holds_to[-1] < datetime('9999-12-31T23:59:59Z')
CALL (m) { REMOVE m:Open:Pending:Void SET m:Closed } IN TRANSACTIONS OF 5000 ROWS;

MATCH (m:Memory) WHERE size(m.holds_to) = 0 AND m.status IN ['proposed', 'deferred']
CALL (m) { REMOVE m:Open:Closed:Void SET m:Pending } IN TRANSACTIONS OF 5000 ROWS;

MATCH (m:Memory) WHERE size(m.holds_to) = 0 AND NOT m.status IN ['proposed', 'deferred']
CALL (m) { REMOVE m:Open:Closed:Pending SET m:Void } IN TRANSACTIONS OF 5000 ROWS;
