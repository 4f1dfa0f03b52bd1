internal import RingBuffer
internal import Tracefs

/// What an armed instance says of its pages, which does not change as long as it is armed: read
/// before the measurement.
struct TraceTexts {
  let pageSize: Int
  let headerPage: String
  let headerEvent: String
  let formats: [FormatText]
  /// Decoders of these formats.
  let schema: Schema

  /// Reads page head and formats.
  init(_ instance: ArmedInstance) throws(SessionError) {
    do throws(TracefsError) {
      pageSize = try instance.pageSize()
      headerPage = try instance.headerPage()
      headerEvent = try instance.headerEvent()
      formats = try instance.formats().map {
        FormatText(system: $0.event.system, text: $0.text)
      }
    } catch {
      throw .arming(error)
    }
    do throws(RingBufferError) {
      schema = Schema(header: try HeaderPage(text: headerPage), formats: formats)
    } catch {
      throw .decoding(error)
    }
  }
}
