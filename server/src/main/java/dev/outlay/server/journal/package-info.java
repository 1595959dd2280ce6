/**
 * The journal of one volume: everything the server has answered since its checkpoint, on disk.
 *
 * <h2>What it promises</h2>
 *
 * A batch up to {@code forcedPosition()} survives any crash; batches come back whole, in the order
 * they were appended, and nothing else ever comes back. Damage to what was forced is never taken
 * for a torn tail: the volume refuses to start and names the place (semantics.md section 4).
 *
 * <h2>Segments</h2>
 *
 * The log is a run of bytes counted from 0; a <em>position</em> is a place in it. It lies in files
 * {@code journal-<sequence>-<start position>.seg}, filled with zeros and forced before use. Bytes
 * of position {@code p} lie at offset {@code 4096 + p - start}. A segment takes part from its
 * rename out of its {@code .tmp} name; by then its header, and whatever it was made with, is
 * durable. So a segment holds the positions from its start up to the smallest start of a later
 * sequence; anything in it past that is void.
 *
 * <p>All numbers are little endian; CRC is CRC32C; a batch is padded with zeros to whole sectors of
 * 4096 bytes, so that no write ever touches bytes of an earlier batch.
 *
 * <table>
 * <caption>Segment header, one sector</caption>
 * <tr><th>offset</th><th>bytes</th><th>field</th></tr>
 * <tr><td>0</td><td>4</td><td>magic {@code OLJS}</td></tr>
 * <tr><td>4</td><td>4</td><td>format version, 1</td></tr>
 * <tr><td>8</td><td>8</td><td>sequence, rises with each segment</td></tr>
 * <tr><td>16</td><td>8</td><td>start position: all before it is forced, all older past it is void</td></tr>
 * <tr><td>24</td><td>8</td><td>length of the file, header included</td></tr>
 * <tr><td>32</td><td>8</td><td>salt, random: batches of this segment carry it</td></tr>
 * <tr><td>40</td><td>16</td><td>volume id (high half, low half)</td></tr>
 * <tr><td>56</td><td>4</td><td>CRC of the batch that ends at the start position, 0 for none</td></tr>
 * <tr><td>60</td><td>4032</td><td>zeros</td></tr>
 * <tr><td>4092</td><td>4</td><td>CRC of all bytes before</td></tr>
 * </table>
 *
 * <table>
 * <caption>Batch, whole sectors</caption>
 * <tr><th>offset</th><th>bytes</th><th>field</th></tr>
 * <tr><td>0</td><td>4</td><td>magic {@code OLJB}</td></tr>
 * <tr><td>4</td><td>4</td><td>format version, 1</td></tr>
 * <tr><td>8</td><td>8</td><td>salt of the segment</td></tr>
 * <tr><td>16</td><td>8</td><td>position of this batch</td></tr>
 * <tr><td>24</td><td>8</td><td>position forced when this batch was appended</td></tr>
 * <tr><td>32</td><td>4</td><td>payload bytes, padding not counted</td></tr>
 * <tr><td>36</td><td>4</td><td>number of records; 0 only in the seal of a clean close</td></tr>
 * <tr><td>40</td><td>4</td><td>CRC of the batch before (the chain)</td></tr>
 * <tr><td>44</td><td>4</td><td>CRC of payload and padding</td></tr>
 * <tr><td>48</td><td>12</td><td>zeros</td></tr>
 * <tr><td>60</td><td>4</td><td>CRC of the 60 bytes before: <em>the</em> CRC of the batch</td></tr>
 * <tr><td>64</td><td></td><td>payload: each record as length (4 bytes) and bytes; then zeros</td></tr>
 * </table>
 *
 * <h2>Opening</h2>
 *
 * The scan starts in the segment that holds the checkpoint's position. In any segment but the last
 * every byte counts, for the next header says it was forced. In the last one the scan stops at the
 * first batch that is not sound and then looks at every sector behind it: a header with the salt
 * and the position of its place that says the bad batch was forced is proof of damage; without one
 * it is a torn tail.
 *
 * <p>Opening always goes on in a <em>new</em> segment, never behind a tail. Batches that no header
 * proves to be forced - the last one at least - are written again into the new segment before it
 * takes part: after a failed force and a restart the page cache may show bytes that the disk never
 * got. The same step makes a torn tail void for good, and is the answer to a failed force in
 * process, where the caller names the position it knows to be forced.
 *
 * <h2>Room for what comes</h2>
 *
 * {@code append} only fills a buffer and {@code force} writes it, so that writing can move to a
 * thread of its own while the next batch is decided; one append is one entry of a replicated log.
 */
@org.jspecify.annotations.NullMarked
package dev.outlay.server.journal;
