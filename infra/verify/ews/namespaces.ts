/** The namespaces of EWS (MicrosoftDocs/office-developer-exchange-docs, getuseravailability-operation.md). */
export const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
export const MESSAGES = 'http://schemas.microsoft.com/exchange/services/2006/messages';
export const TYPES = 'http://schemas.microsoft.com/exchange/services/2006/types';
/** Of the details of a SOAP fault. */
export const ERRORS = 'http://schemas.microsoft.com/exchange/services/2006/errors';
